import type { Alert, IncidentProcess } from "../api/types";
import { named, useI18n } from "../i18n";
import { Code } from "../ui/Code";
import { hostName } from "../ui/Hosts";
import { Level } from "../ui/Level";
import { Time } from "../ui/Time";
import { times, titleOf } from "./summary";

interface Props {
  process: IncidentProcess;
  alerts: ReadonlyMap<string, Alert>;
  depth: number;
  onAlert: (id: string) => void;
}

/** What is known of one process, and the alerts it raised. */
export function ProcessDetail({ process, alerts, depth, onAlert }: Props) {
  const { t } = useI18n();
  const context = process.context;
  return (
    <div className="node-detail" style={{ marginLeft: 26 + Math.min(depth, 12) * 16 }}>
      {process.command_line && <Code wrap>{process.command_line}</Code>}
      <p className="facts muted">
        {process.executable && <Code>{process.executable}</Code>}
        <span>{hostName(process.host)}</span>
        <span>{t("tree.pid", { pid: process.pid })}</span>
        {process.user && <span>{process.user}</span>}
        <Time value={process.start} />
        {context && (
          <span title={context.id}>
            {named(t, "tree.context", context.kind)} {context.service}
          </span>
        )}
        {process.container?.image?.name && <Code>{process.container.image.name}</Code>}
      </p>
      {process.alerts.map((id) => {
        const alert = alerts.get(id);
        return (
          <button key={id} type="button" className="text-button node-alert" onClick={() => { onAlert(id); }}>
            <Level value={alert?.rule?.level} /> {titleOf(alert)}
            {alert && times(alert) > 1 && <span className="repeats">×{times(alert)}</span>}
          </button>
        );
      })}
    </div>
  );
}
