import { Button, Checkbox } from "antd";
import { useState } from "react";
import { endpoint } from "../alerts/ObjectFacts";
import { useNearby } from "../api/queries";
import type { HostEvent, Nearby } from "../api/types";
import { useI18n, type Translate } from "../i18n";
import { useRole } from "../session/role";
import { CopyButton } from "../ui/Copy";
import { Await } from "../ui/State";
import { Time } from "../ui/Time";

/** How many events are shown on a side at first, and how many the server gives. */
const few = 8;
const most = 500;

interface Props {
  host: string;
  /** The number of an event of the boot, or a time. */
  around: string;
  boot?: string | undefined;
  /** The process that acted there. */
  process?: string | undefined;
  /** Show at first only what that process did. */
  narrow?: boolean;
}

/** What an event was done to, in a few words. */
function objectOf(event: HostEvent, t: Translate): string {
  const { file, dns, coverage } = event;
  if (dns) return dns.question.name;
  if (coverage) return `${coverage.class} ${coverage.state}`;
  if (file) return file.target?.path ? `${file.path ?? "?"} → ${file.target.path}` : (file.path ?? "?");
  if (event.kind === "network.accept" && event.source) return endpoint(event.source);
  if (event.destination) return endpoint(event.destination);
  if (event.source) return endpoint(event.source);
  if (event.target) return t("tree.pid", { pid: event.target.pid ?? "?" });
  return event.message ?? "";
}

function Row({ event, here }: { event: HostEvent; here: boolean }) {
  const { t } = useI18n();
  const text = JSON.stringify(event, null, 2);
  const object = objectOf(event, t);
  const command = event.process?.command_line ?? event.process?.executable ?? "";
  return (
    <li className={here ? "event event-here" : "event"} aria-current={here ? "true" : undefined}>
      <details>
        <summary>
          <Time value={event.time} as="clock" />
          <code className="event-kind">{event.kind}</code>
          <span className="event-text">
            {object && <b title={object}>{object}</b>}
            <span className="muted" title={command}>{event.process?.pid} {command}</span>
          </span>
          <span className="figures muted" title={t("events.seq")}>#{event.seq}</span>
        </summary>
        <pre tabIndex={0}>{text}</pre>
        <CopyButton text={text} label={t("copy.copy")} />
      </details>
    </li>
  );
}

interface ListProps {
  nearby: Nearby;
  /** The event that was asked for by number. */
  seq: number | undefined;
  onEarlier: (() => void) | undefined;
  onLater: (() => void) | undefined;
}

function List({ nearby, seq, onEarlier, onLater }: ListProps) {
  const { t } = useI18n();
  const { items, at } = nearby;
  const here = (event: HostEvent, index: number) => (seq === undefined ? index === at : event.seq === seq);
  return (
    <>
      <Button size="small" block disabled={!nearby.earlier || !onEarlier} onClick={onEarlier}>
        {t(nearby.earlier ? "events.earlier" : "events.first")}
      </Button>
      {items.length === 0 && <p className="muted events-none">{t("events.none")}</p>}
      <ol className="plain events" aria-label={t("events.title")}>
        {items.map((event, index) => <Row key={`${event.boot ?? ""}/${event.seq ?? index}`} event={event} here={here(event, index)} />)}
      </ol>
      <Button size="small" block disabled={!nearby.later || !onLater} onClick={onLater}>
        {t(nearby.later ? "events.later" : "events.last")}
      </Button>
    </>
  );
}

function Loaded({ host, around, boot, process, narrow = false }: Props) {
  const { t } = useI18n();
  const [alone, setAlone] = useState(narrow && process !== undefined);
  const [before, setBefore] = useState(few);
  const [after, setAfter] = useState(few);
  const query = useNearby({ host, around, boot, process: alone ? process : undefined, before, after });
  const more = (now: number, set: (n: number) => void) => (now < most ? () => { set(Math.min(now * 4, most)); } : undefined);
  return (
    <>
      {process && (
        <Checkbox checked={alone} onChange={(event) => { setAlone(event.target.checked); }}>
          {t("events.alone")}
        </Checkbox>
      )}
      <Await query={query}>
        {(nearby) => (
          <List
            nearby={nearby}
            seq={/^\d+$/.test(around) ? Number(around) : undefined}
            onEarlier={more(before, setBefore)}
            onLater={more(after, setAfter)}
          />
        )}
      </Await>
    </>
  );
}

/** The raw events of a host around a place, for those who may see them. */
export function NearbyEvents(props: Props) {
  const { t } = useI18n();
  const may = useRole("analyst");
  return (
    <section className="nearby" aria-label={t("events.title")}>
      <h3 className="sub">{t("events.title")}</h3>
      {may ? <Loaded {...props} /> : <p className="muted">{t("events.forbidden")}</p>}
    </section>
  );
}
