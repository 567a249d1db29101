import { useQueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { ApiError, get, onUnauthorized, post } from "../api/http";
import type { Me } from "../api/types";

/** Where the reader stands with the server. */
export type Session =
  | { state: "unknown" }
  | { state: "offline"; error: Error }
  | { state: "out"; expired: boolean }
  | { state: "in"; me: Me };

interface Api {
  session: Session;
  login: (user: string, password: string) => Promise<void>;
  logout: () => Promise<void>;
  /** Asks the server again who is signed in. */
  check: () => Promise<void>;
}

const Context = createContext<Api | undefined>(undefined);

/** Asks the server who is signed in. */
async function ask(): Promise<Session> {
  try {
    return { state: "in", me: await get<Me>("/me") };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return { state: "out", expired: false };
    return { state: "offline", error: error as Error };
  }
}

/** Keeps who is signed in; an ended session is noticed on any call. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [session, setSession] = useState<Session>({ state: "unknown" });

  const check = useCallback(() => ask().then(setSession), []);

  useEffect(() => { void ask().then(setSession); }, []);
  useEffect(
    () =>
      onUnauthorized(() => {
        setSession((old) => (old.state === "in" ? { state: "out", expired: true } : old));
      }),
    [],
  );

  const api = useMemo<Api>(
    () => ({
      session,
      check,
      login: async (user, password) => {
        setSession({ state: "in", me: await post<Me>("/login", { user, password }) });
      },
      logout: async () => {
        await post("/logout").catch(() => undefined);
        setSession({ state: "out", expired: false });
        client.clear();
      },
    }),
    [session, check, client],
  );
  return <Context value={api}>{children}</Context>;
}

/** The session, and the ways to begin and end it. */
export function useSession(): Api {
  const value = useContext(Context);
  if (!value) throw new Error("useSession outside SessionProvider");
  return value;
}
