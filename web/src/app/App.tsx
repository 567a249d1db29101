import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { BrowserRouter, Navigate, Route, Routes } from "react-router";
import { AlertList } from "../alerts/AlertList";
import { ApiError } from "../api/http";
import { LiveProvider } from "../api/live";
import type { Me } from "../api/types";
import { ExceptionsPage } from "../exceptions/ExceptionsPage";
import { HostList } from "../hosts/HostList";
import { I18nProvider } from "../i18n";
import { IncidentPage } from "../incident/IncidentPage";
import { IncidentList } from "../incidents/IncidentList";
import { RulesPage } from "../rules/RulesPage";
import { Login } from "../session/Login";
import { Password } from "../session/Password";
import { SessionProvider, useSession } from "../session/session";
import { Failed, Loading } from "../ui/State";
import { Shell } from "./Shell";
import { ThemeProvider } from "./theme";

// The pages of provenance carry what draws graphs: it is loaded with them.
const provenance = () => import("../provenance/ProvenancePage");
const AlertProvenancePage = lazy(async () => ({ default: (await provenance()).AlertProvenancePage }));
const IntrusionPage = lazy(async () => ({ default: (await provenance()).IntrusionPage }));

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // What the server refuses stays refused; what it failed may work again.
      retry: (failures, error) => !(error instanceof ApiError && error.status < 500) && failures < 2,
      staleTime: 5000,
    },
  },
});

function Pages({ me }: { me: Me }) {
  return (
    <LiveProvider>
      <Routes>
        <Route element={<Shell me={me} />}>
          <Route path="/incidents" element={<IncidentList />} />
          <Route path="/incidents/:id" element={<IncidentPage />} />
          <Route path="/alerts" element={<AlertList />} />
          <Route path="/alerts/:id/provenance" element={<Suspense fallback={<Loading />}><AlertProvenancePage /></Suspense>} />
          <Route path="/intrusion" element={<Suspense fallback={<Loading />}><IntrusionPage /></Suspense>} />
          <Route path="/hosts" element={<HostList />} />
          <Route path="/rules" element={<RulesPage />} />
          <Route path="/exceptions" element={<ExceptionsPage />} />
          <Route path="*" element={<Navigate to="/incidents" replace />} />
        </Route>
      </Routes>
    </LiveProvider>
  );
}

function Gate() {
  const { session, check } = useSession();
  switch (session.state) {
    case "unknown":
      return <Loading />;
    case "offline":
      return <Failed error={session.error} retry={() => { void check(); }} />;
    case "out":
      return <Login expired={session.expired} />;
    case "in":
      return session.me.password_set ? <Pages me={session.me} /> : <Password me={session.me} />;
  }
}

/** The console. */
export function App() {
  return (
    <I18nProvider>
      <ThemeProvider>
        <QueryClientProvider client={client}>
          <SessionProvider>
            <BrowserRouter>
              <Gate />
            </BrowserRouter>
          </SessionProvider>
        </QueryClientProvider>
      </ThemeProvider>
    </I18nProvider>
  );
}
