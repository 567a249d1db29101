import { useSession } from "./session";

const order = ["viewer", "analyst", "responder", "admin"];

/** Whether a role may do what needs another: each may do what those before it may. */
export function may(role: string, need: string): boolean {
  return order.includes(role) && order.indexOf(role) >= order.indexOf(need);
}

/** Whether the reader may do what needs a role. The server decides; this is for what is shown. */
export function useRole(need: "analyst" | "responder" | "admin"): boolean {
  const { session } = useSession();
  return session.state === "in" && may(session.me.role, need);
}
