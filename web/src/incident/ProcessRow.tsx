import { Tag } from "antd";
import type { Alert, IncidentProcess } from "../api/types";
import { named, useI18n } from "../i18n";
import { base } from "../ui/format";
import { hostName } from "../ui/Hosts";
import { levels, rank } from "../ui/Level";
import { Time } from "../ui/Time";
import { ProcessDetail } from "./ProcessDetail";
import { contextStart, masquerade, type TreeNode } from "./tree";

/** Rows deeper than this are not indented further. */
const deepest = 24;

interface Props {
  node: TreeNode;
  parent: IncidentProcess | undefined;
  alerts: ReadonlyMap<string, Alert>;
  showHost: boolean;
  /** The day of the incident: other days are shown as days. */
  day: string | undefined;
  expanded: boolean;
  detailed: boolean;
  focusable: boolean;
  onToggle: () => void;
  onDetail: () => void;
  onAlert: (id: string) => void;
}

/** The worst level among alerts, "unknown" where none says one. */
function worst(ids: readonly string[], alerts: ReadonlyMap<string, Alert>): string {
  const best = Math.min(...ids.map((id) => rank(alerts.get(id)?.rule?.level)));
  return levels[best] ?? "unknown";
}

function Badges({ process, parent, alerts, showHost }: Pick<Props, "parent" | "alerts" | "showHost"> & { process: IncidentProcess }) {
  const { t } = useI18n();
  const pose = masquerade(process, alerts);
  const context = contextStart(process, parent);
  const raised = process.alerts;
  return (
    <span className="badges">
      {showHost && <Tag>{hostName(process.host)}</Tag>}
      {context && (
        <Tag color={context === "web_shell" ? "volcano" : "default"} title={process.context?.service ?? context}>
          {named(t, "tree.context", context)}
        </Tag>
      )}
      {process.container?.name && process.container.name !== parent?.container?.name && (
        <Tag color="blue" title={process.container.image?.name ?? ""}>
          {t("tree.container", { name: process.container.name })}
        </Tag>
      )}
      {pose && (
        <Tag color="magenta" title={t("tree.masquerade.why", { exe: process.executable })}>
          {t("tree.masquerade", { name: pose })}
        </Tag>
      )}
      {raised.length > 0 && (
        <span className={`level level-${worst(raised, alerts)}`}>{t("tree.alerts", { n: raised.length })}</span>
      )}
    </span>
  );
}

/** One process: its line, and below it what is known of it where asked for. */
export function ProcessRow(props: Props) {
  const { t } = useI18n();
  const { node, expanded, detailed } = props;
  const { process } = node;
  const branches = node.children.length > 0;
  const name = base(process.executable || String(process.pid));
  return (
    <div
      role="treeitem"
      aria-label={`${name} ${process.command_line}`}
      aria-level={node.depth + 1}
      aria-selected={detailed}
      {...(branches ? { "aria-expanded": expanded } : {})}
      tabIndex={props.focusable ? 0 : -1}
      data-key={process.key}
      className={node.alerts > 0 ? "node" : "node node-quiet"}
    >
      <div className="node-line" onClick={props.onDetail}>
        {Array.from({ length: Math.min(node.depth, deepest) }, (_, level) => (
          <i key={level} className="guide" />
        ))}
        <button
          type="button"
          tabIndex={-1}
          className={branches ? "toggle" : "toggle toggle-leaf"}
          title={t("tree.toggle")}
          aria-hidden="true"
          data-open={expanded}
          disabled={!branches}
          onClick={(event) => {
            event.stopPropagation();
            props.onToggle();
          }}
        />
        <b className="node-name">{name}</b>
        <code className="node-command">{process.command_line || process.executable}</code>
        <Badges {...props} process={process} />
        <span className="node-fact node-user muted">{process.user}</span>
        <span className="node-fact figures muted">{process.pid}</span>
        <span className="node-fact figures muted">
          <Time value={process.start} as="clock" day={props.day} />
        </span>
      </div>
      {detailed && <ProcessDetail process={process} alerts={props.alerts} onAlert={props.onAlert} depth={node.depth} />}
    </div>
  );
}
