import { lazy, Suspense, useMemo } from "react";
import { Link, Navigate, useLocation, useParams } from "react-router";
import { useIncident, useIncidentAlerts, useIncidentProcesses, useIntrusions } from "../api/queries";
import type { Alert, Incident, IncidentProcess } from "../api/types";
import { EvidenceDrawer } from "../alerts/EvidenceDrawer";
import { useEvidence } from "../alerts/useEvidence";
import { DecisionList } from "../decisions/DecisionList";
import { HandProvider } from "../decisions/hand";
import { useI18n } from "../i18n";
import { Await, Loading } from "../ui/State";
import { Account } from "./Account";
import { AlertTable } from "./AlertTable";
import { AlertTypes } from "./AlertTypes";
import { Contain } from "./Contain";
import { Entities } from "./Entities";
import { Head } from "./Head";
import { Intrusions } from "./Intrusions";
import { ProcessTree } from "./ProcessTree";
import { Reasons } from "./Reasons";
import { Sections } from "./Sections";
import { byTime } from "./summary";
import { Timeline } from "./Timeline";

// It carries what draws graphs: the rest of the page does not wait for it.
const ClusterPanel = lazy(async () => ({ default: (await import("../cluster/ClusterPanel")).ClusterPanel }));

const none: never[] = [];

/** How many intrusions are read for the page: each has its graph. */
const mostIntrusions = 20;

interface BodyProps {
  incident: Incident;
  alerts: readonly Alert[];
  processes: readonly IncidentProcess[];
}

function Body({ incident, alerts, processes }: BodyProps) {
  const [evidence, open] = useEvidence();
  const intrusions = useIntrusions((incident.intrusions ?? none).slice(0, mostIntrusions));
  const byId = useMemo(() => new Map(alerts.map((alert) => [alert.id, alert])), [alerts]);
  return (
    <HandProvider incident={incident}>
      <Head incident={incident} />
      <Sections />
      <div className="incident">
        <div className="column">
          <Account incident={incident} alerts={alerts} intrusions={intrusions} open={open} />
          <Intrusions incident={incident} intrusions={intrusions} />
          <Reasons incident={incident} alerts={byId} open={open} />
          <ProcessTree processes={processes} alerts={byId} open={open} />
        </div>
        <div className="column">
          <AlertTypes alerts={alerts} />
          <Contain incident={incident} alerts={alerts} intrusions={intrusions} />
          <Timeline alerts={alerts} open={open} />
        </div>
        {/* Without alerts, which come after the incident, there is nothing to place. */}
        {alerts.length > 0 && (
          <Suspense fallback={<Loading />}>
            <ClusterPanel incident={incident} alerts={alerts} processes={processes} open={open} />
          </Suspense>
        )}
        <AlertTable alerts={alerts} open={open} current={evidence} />
        <Entities incident={incident} alerts={alerts} />
        <DecisionList incident={incident} />
      </div>
      <EvidenceDrawer id={evidence} order={byTime(alerts).map((alert) => alert.id)} open={open} />
    </HandProvider>
  );
}

/**
 * Leads on to the incident that this one became part of, and says from where. The
 * server answers for it with that one; one that is being read says it itself.
 */
function Follow({ from, to }: { from: string; to: string }) {
  const { search } = useLocation();
  return <Navigate to={{ pathname: `/incidents/${encodeURIComponent(to)}`, search }} state={{ from }} replace />;
}

/** One incident: what happened, why it is one, how far it got and what to act on. */
export function IncidentPage() {
  const { id = "" } = useParams();
  const { t } = useI18n();
  const incident = useIncident(id);
  const alerts = useIncidentAlerts(id);
  const processes = useIncidentProcesses(id);
  return (
    <>
      <Link to="/incidents" className="back">
        ← {t("incident.back")}
      </Link>
      <Await query={incident}>
        {(data) => {
          const now = data.merged_into ?? data.id;
          if (now !== id) return <Follow from={id} to={now} />;
          // Another incident is another page: nothing chosen or unfolded is carried over.
          return <Body key={id} incident={data} alerts={alerts.data?.items ?? none} processes={processes.data?.items ?? none} />;
        }}
      </Await>
    </>
  );
}
