import type { TableColumnsType } from "antd";
import { Link } from "react-router";
import type { Incident } from "../api/types";
import { named, type Translate } from "../i18n";
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

/** The columns of the list of incidents. */
export function columns(t: Translate): TableColumnsType<Incident> {
  return [
    { title: t("col.level"), key: "level", width: 84, render: (_, i) => <Level value={i.level} /> },
    {
      title: t("col.incident"),
      key: "title",
      ellipsis: true,
      render: (_, i) => (
        <Link className="row-title" to={`/incidents/${encodeURIComponent(i.id)}`} title={i.title}>
          {i.title}
        </Link>
      ),
    },
    { title: t("col.hosts"), key: "hosts", width: 150, ellipsis: true, render: (_, i) => <Hosts values={i.hosts ?? []} /> },
    {
      title: t("col.alerts"),
      key: "alerts",
      width: 84,
      align: "right",
      className: "figures",
      render: (_, i) => <AlertCounts incident={i} t={t} />,
    },
    {
      title: t("col.tactics"),
      key: "tactics",
      width: "24%",
      responsive: ["lg"],
      render: (_, i) => <Tactics values={i.tactics ?? []} />,
    },
    { title: t("col.opened"), key: "opened", width: 118, className: "figures", render: (_, i) => <Time value={i.opened} /> },
    { title: t("col.updated"), key: "updated", width: 92, render: (_, i) => <Time value={i.updated} as="ago" /> },
    {
      title: t("col.status"),
      key: "status",
      width: 78,
      render: (_, i) => <span className={`status status-${i.status}`}>{named(t, "status", i.status)}</span>,
    },
    { title: t("col.score"), key: "score", width: 76, render: (_, i) => <Score value={i.score} /> },
  ];
}
