import type { Host } from "../api/types";
import { named, type Translate } from "../i18n";
import { Tags } from "../labels/Tags";
import type { Column } from "../ui/DataTable";
import { bytes, count } from "../ui/format";
import { Time } from "../ui/Time";
import { lost, sortClasses, tone } from "./health";

function Connection({ host, t }: { host: Host; t: Translate }) {
  const state = host.revoked ? "revoked" : host.connected ? "connected" : "disconnected";
  return <span className={`dot dot-${state}`}>{t(`hosts.${state}`)}</span>;
}

function Sensor({ host, t }: { host: Host; t: Translate }) {
  return (
    <>
      <span className={`dot dot-${host.armed ? "connected" : "disconnected"}`}>
        {t(host.armed ? "hosts.armed" : "hosts.disarmed")}
      </span>
      {host.tier > 0 && <span className="muted"> {t("hosts.tier", { tier: host.tier })}</span>}
    </>
  );
}

function Coverage({ host, t }: { host: Host; t: Translate }) {
  return (
    <span className="coverage">
      {sortClasses(host.classes).map((each) => {
        const state = named(t, "coverage", each.state);
        const name = named(t, "class", each.class);
        const shown = tone(each.state) === "good" ? "" : ` ${state}`;
        return (
          <span key={each.class} className={`chip chip-${tone(each.state)}`} title={`${name}: ${state}`}>
            {name}
            {shown}
          </span>
        );
      })}
    </span>
  );
}

function Hooks({ host, t }: { host: Host; t: Translate }) {
  const hooks = host.hooks;
  const failed = hooks.filter((hook) => !hook.attached).length;
  if (hooks.length === 0) return <span className="muted">–</span>;
  return failed > 0 ? (
    <span className="chip chip-gap">{t("hosts.hooks.failed", { n: failed })}</span>
  ) : (
    <span className="muted">{t("hosts.hooks.ok", { n: hooks.length })}</span>
  );
}

/** The columns of the list of hosts. */
export function columns(t: Translate): Column<Host>[] {
  return [
    { key: "name", title: t("hosts.name"), cell: (h) => <span className="host-name"><b title={h.id}>{h.name || h.id}</b> <Tags labels={h.labels} /></span> },
    { key: "connection", title: t("hosts.connection"), width: "124px", cell: (h) => <Connection host={h} t={t} /> },
    { key: "seen", title: t("hosts.lastseen"), width: "104px", cell: (h) => <Time value={h.last_seen} as="ago" /> },
    { key: "sensor", title: t("hosts.sensor"), width: "136px", cell: (h) => <Sensor host={h} t={t} /> },
    { key: "coverage", title: t("hosts.coverage"), width: "27%", cell: (h) => <Coverage host={h} t={t} /> },
    {
      key: "lost",
      title: t("hosts.lost"),
      width: "80px",
      figures: true,
      cell: (h) => <span className={lost(h) > 0 ? "bad" : "muted"}>{count(lost(h))}</span>,
    },
    { key: "hooks", title: t("hosts.hooks"), width: "106px", cell: (h) => <Hooks host={h} t={t} /> },
    { key: "spool", title: t("hosts.spool"), width: "90px", figures: true, from: "lg", cell: (h) => bytes(h.spool_bytes) },
    { key: "memory", title: t("hosts.memory"), width: "94px", figures: true, from: "lg", cell: (h) => bytes(h.rss_bytes) },
    { key: "version", title: t("hosts.version"), width: "100px", from: "xl", cell: (h) => h.version },
  ];
}
