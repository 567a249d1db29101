import { Button } from "antd";
import type { Host } from "../api/types";
import { named, useI18n } from "../i18n";
import { Tags } from "../labels/Tags";
import { useRole } from "../session/role";
import { Code } from "../ui/Code";
import { Fact, Facts } from "../ui/Facts";
import { bytes, count } from "../ui/format";
import { Time } from "../ui/Time";
import { sortClasses, tone } from "./health";

function Classes({ host }: { host: Host }) {
  const { t } = useI18n();
  return (
    <table className="plain-table">
      <thead>
        <tr>
          <th>{t("hosts.class")}</th>
          <th>{t("hosts.coverage")}</th>
          <th className="figures">{t("hosts.seen")}</th>
          <th className="figures">{t("hosts.lost")}</th>
        </tr>
      </thead>
      <tbody>
        {sortClasses(host.classes).map((each) => (
          <tr key={each.class}>
            <td>{named(t, "class", each.class)}</td>
            <td><span className={`chip chip-${tone(each.state)}`}>{named(t, "coverage", each.state)}</span></td>
            <td className="figures">{count(each.seen)}</td>
            <td className={each.lost > 0 ? "figures bad" : "figures"}>{count(each.lost)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Hooks({ host }: { host: Host }) {
  const { t } = useI18n();
  const hooks = host.hooks;
  const failed = hooks.filter((hook) => !hook.attached);
  return (
    <div>
      <h3 className="sub">{t("hosts.hooks")}</h3>
      {failed.length === 0 ? (
        <p className="muted">{t("hosts.hooks.all", { n: hooks.length })}</p>
      ) : (
        <ul className="plain hooks">
          {failed.map((hook) => (
            <li key={hook.name}>
              <code>{hook.name}</code>
              <span className="bad">{hook.error}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** What a host's sensor can vouch for, and what it costs. */
export function HostDetail({ host, edit }: { host: Host; edit: () => void }) {
  const { t } = useI18n();
  const may = useRole("admin");
  const name = host.name || host.id;
  return (
    <div className="host-detail">
      <div>
        <h3 className="sub">{t("hosts.coverage")}</h3>
        <Classes host={host} />
      </div>
      <Hooks host={host} />
      <Facts>
        <Fact label="ID"><Code>{host.id}</Code></Fact>
        <Fact label={t("labels.title")}>
          <Tags labels={host.labels} />
          {may && <Button size="small" type="link" aria-label={t("labels.edit.of", { name })} onClick={edit}>{t("labels.edit")}</Button>}
        </Fact>
        <Fact label={t("hosts.kernel")}><code>{host.kernel}</code></Fact>
        <Fact label={t("hosts.version")}>{host.version}</Fact>
        <Fact label={t("hosts.scope")}>{host.scope ? <Code>{host.scope}</Code> : t("hosts.scope.all")}</Fact>
        <Fact label={t("hosts.enrolled")}><Time value={host.enrolled} /></Fact>
        <Fact label={t("hosts.lastseen")}><Time value={host.last_seen} /></Fact>
        <Fact label={t("hosts.boot")}><Code>{host.boot}</Code></Fact>
        <Fact label={t("hosts.processes")}>{count(host.processes)}</Fact>
        <Fact label={t("hosts.memory")}>{bytes(host.rss_bytes)}</Fact>
        <Fact label={t("hosts.cpu")}>{host.cpu_seconds.toFixed(1)} s</Fact>
        <Fact label={t("hosts.spool")}>{bytes(host.spool_bytes)}</Fact>
      </Facts>
    </div>
  );
}
