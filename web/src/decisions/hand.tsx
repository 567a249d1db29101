import { createContext, useContext, useMemo, useState, type ReactNode } from "react";
import type { Decision, Incident, Lesson } from "../api/types";
import { useRole } from "../session/role";
import { AskDrawer } from "./AskDrawer";
import { useDecisions, useLessons } from "./queries";
import { concerning, type Wish } from "./wish";

interface Hand {
  /** Asks before it decides; absent where the reader may not decide. */
  ask: ((wish: Wish) => void) | undefined;
  /** The decisions about the incident, the newest first. */
  decisions: readonly Decision[];
  lessons: readonly Lesson[];
}

const Context = createContext<Hand>({ ask: undefined, decisions: [], lessons: [] });

/** What analysts decided about the incident of the page, and the way to decide. */
export const useHand = () => useContext(Context);

/** Gives the parts of an incident's page what was decided, and to analysts the way to decide. */
export function HandProvider({ incident, children }: { incident: Incident; children: ReactNode }) {
  const may = useRole("analyst");
  const all = useDecisions(incident.id).data;
  const lessons = useLessons().data?.items;
  const [wish, setWish] = useState<Wish>();
  const hand = useMemo<Hand>(
    () => ({ ask: may ? setWish : undefined, decisions: concerning(incident, all ?? []), lessons: lessons ?? [] }),
    [may, incident, all, lessons],
  );
  return (
    <Context value={hand}>
      {children}
      {wish && <AskDrawer key={JSON.stringify(wish)} wish={wish} incident={incident} close={() => { setWish(undefined); }} />}
    </Context>
  );
}
