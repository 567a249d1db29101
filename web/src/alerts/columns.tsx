import { Link } from "react-router";
import type { Alert } from "../api/types";
import type { Translate } from "../i18n";
import { times, titleOf } from "../incident/summary";
import { Tags } from "../labels/Tags";
import { Code } from "../ui/Code";
import type { Column } from "../ui/DataTable";
import { count } from "../ui/format";
import { hostName } from "../ui/Hosts";
import { Level } from "../ui/Level";
import { Time } from "../ui/Time";
import { endpoint } from "./ObjectFacts";

/** What the evidence says in one line: the command line, else the file or peer. */
export function gist(alert: Alert): string {
  const event = alert.event;
  return (
    event?.process?.command_line ??
    event?.process?.executable ??
    event?.dns?.question.name ??
    event?.file?.path ??
    event?.message ??
    ""
  );
}

function IncidentLink({ id, t }: { id: string | undefined; t: Translate }) {
  if (!id) return <span className="muted">{t("alerts.noincident")}</span>;
  return (
    <Link
      className="mono"
      to={`/incidents/${encodeURIComponent(id)}`}
      title={id}
      onClick={(event) => { event.stopPropagation(); }}
    >
      {id}
    </Link>
  );
}

/** The host, and the service that it happened in. */
function Where({ alert }: { alert: Alert }) {
  return (
    <span className="host-name">
      {hostName(alert.host)}
      <Tags labels={alert.labels && { service: alert.labels.service ?? "" }} />
    </span>
  );
}

function Title({ alert, open, t }: { alert: Alert; open: (id: string) => void; t: Translate }) {
  return (
    <button
      type="button"
      className="text-button row-title"
      title={t("evidence.open", { title: titleOf(alert) })}
      onClick={(event) => {
        event.stopPropagation();
        open(alert.id);
      }}
    >
      {titleOf(alert)}
    </button>
  );
}

function container(alert: Alert) {
  return alert.event?.container?.name ?? <span className="muted">–</span>;
}

/** What the process acted on, in a few words: a peer, a name, a file. */
export function target(alert: Alert): string {
  const event = alert.event;
  if (event?.kind === "process.rename") return `→ ${event.process?.name ?? "?"}`;
  if (event?.dns) return event.dns.question.name;
  if (event?.destination) return endpoint(event.destination);
  return event?.file?.path ?? "";
}

function Command({ alert }: { alert: Alert }) {
  const object = target(alert);
  return (
    <span className="command">
      {object && object !== gist(alert) && <span className="chip mono" title={object}>{object}</span>}
      <Code>{gist(alert)}</Code>
    </span>
  );
}

/** The columns of lists of alerts; those of one incident leave that column out. */
export function columns(t: Translate, open: (id: string) => void, withIncident: boolean): Column<Alert>[] {
  const incident: Column<Alert> = {
    key: "incident",
    title: t("alerts.incident"),
    width: "136px",
    cell: (a) => <IncidentLink id={a.incident} t={t} />,
  };
  return [
    { key: "level", title: t("col.level"), width: "86px", cell: (a) => <Level value={a.rule?.level} /> },
    { key: "time", title: t("col.time"), width: "120px", cell: (a) => <Time value={a.time} /> },
    { key: "rule", title: t("col.rule"), width: "25%", cell: (a) => <Title alert={a} open={open} t={t} /> },
    {
      key: "count",
      title: t("col.count"),
      width: "66px",
      figures: true,
      cell: (a) => (times(a) > 1 ? `×${count(times(a))}` : <span className="muted">1</span>),
    },
    ...(withIncident ? [incident] : []),
    { key: "host", title: t("col.host"), width: "11%", cell: (a) => <Where alert={a} /> },
    { key: "user", title: t("col.user"), width: "84px", from: "lg", cell: (a) => a.event?.process?.user?.name },
    { key: "command", title: t("col.command"), cell: (a) => <Command alert={a} /> },
    { key: "container", title: t("col.container"), width: "120px", from: "xl", cell: container },
  ];
}
