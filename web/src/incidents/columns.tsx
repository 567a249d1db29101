import { Link } from "react-router";
import type { Incident } from "../api/types";
import { named, type Translate } from "../i18n";
import { AllTags } from "../labels/Tags";
import type { Column } from "../ui/DataTable";
import { count } from "../ui/format";
import { Hosts } from "../ui/Hosts";
import { Level } from "../ui/Level";
import { Score } from "../ui/Score";
import { Tactics } from "../ui/Tactics";
import { Time } from "../ui/Time";

function AlertCounts({ incident, t }: { incident: Incident; t: Translate }) {
  const alerts = incident.alerts?.length ?? 0;
  const total = Math.max(incident.count ?? 0, alerts);
  return (
    <span title={t("alerts.counts", { alerts, count: total })}>
      {count(alerts)}
      {total > alerts && <span className="muted"> ({count(total)})</span>}
    </span>
  );
}

function Title({ incident }: { incident: Incident }) {
  return (
    <Link
      className="row-title clamp"
      to={`/incidents/${encodeURIComponent(incident.id)}`}
      title={incident.title}
      onClick={(event) => { event.stopPropagation(); }}
    >
      {incident.title}
    </Link>
  );
}

/** The services of an incident, each once. */
function services(incident: Incident) {
  return [...new Set((incident.labels ?? []).flatMap(({ service }) => service ?? []))].map((service) => ({ service }));
}

/** The columns of the list of incidents. */
export function columns(t: Translate): Column<Incident>[] {
  return [
    { key: "level", title: t("col.level"), width: "86px", cell: (i) => <Level value={i.level} /> },
    { key: "title", title: t("col.incident"), cell: (i) => <Title incident={i} /> },
    { key: "hosts", title: t("col.hosts"), width: "11%", cell: (i) => <Hosts values={i.hosts ?? []} /> },
    { key: "labels", title: t("labels.short"), width: "112px", from: "xl", cell: (i) => <AllTags values={services(i)} /> },
    { key: "alerts", title: t("col.alerts"), width: "88px", figures: true, cell: (i) => <AlertCounts incident={i} t={t} /> },
    { key: "tactics", title: t("col.tactics"), width: "20%", from: "lg", cell: (i) => <Tactics values={i.tactics ?? []} /> },
    { key: "opened", title: t("col.opened"), width: "120px", cell: (i) => <Time value={i.opened} /> },
    { key: "updated", title: t("col.updated"), width: "96px", cell: (i) => <Time value={i.updated} as="ago" /> },
    {
      key: "status",
      title: t("col.status"),
      width: "84px",
      cell: (i) => <span className={`status status-${i.status}`}>{named(t, "status", i.status)}</span>,
    },
    { key: "score", title: t("col.score"), width: "86px", cell: (i) => <Score value={i.score} /> },
  ];
}
