import { Drawer } from "antd";
import type { GraphNode, Intrusion } from "../api/types";
import { NearbyEvents } from "../events/NearbyEvents";
import { named, useI18n } from "../i18n";
import { Code } from "../ui/Code";
import { Fact, Facts } from "../ui/Facts";
import { bytes, count } from "../ui/format";
import { Time } from "../ui/Time";
import { useEscape } from "../ui/useEscape";
import { linkText } from "./LinkShape";
import { rolesOf, spotOfEdge, spotOfNode, type Link, type Spot } from "./links";
import { captions } from "./shapes";

/** The node or line that was chosen, or a process behind the node. */
export interface Selection {
  id: string;
  member?: string | undefined;
}

interface Props {
  selection: Selection | undefined;
  nodes: readonly GraphNode[];
  links: readonly Link[];
  host: string;
  intrusion: Intrusion | undefined;
  nameOf: (process: string) => string;
  select: (selection: Selection | undefined) => void;
}

type BodyProps = Omit<Props, "selection"> & { selection: Selection };

function NodeFacts({ node }: { node: GraphNode }) {
  const { t } = useI18n();
  return (
    <Facts>
      <Fact label={named(t, "node", node.type)}><Code wrap>{node.label}</Code></Fact>
      {(node.roles ?? []).length > 0 && (
        <Fact label={t("prov.roles")}>
          {rolesOf(node).map((role) => <span key={role} className="chip">{named(t, "role", role)}</span>)}
        </Fact>
      )}
      {node.executable && <Fact label={t("evidence.executable")}><Code>{node.executable}</Code></Fact>}
      {node.user && <Fact label={t("evidence.user")}>{node.user}</Fact>}
      {node.type === "process" && <Fact label={t("prov.state")}>{t(node.exited ? "prov.exited" : "prov.alive")}</Fact>}
      {node.type === "file" && <Fact label={t("prov.state")}>{t(node.gone ? "prov.gone" : "file.there")}</Fact>}
      {node.inode && <Fact label={t("prov.inode")}><Code>{node.inode}</Code></Fact>}
      {node.process && <Fact label={t("evidence.pid")}><Code>{node.process}</Code></Fact>}
      {node.time && <Fact label={t("evidence.first")}><Time value={node.time} /></Fact>}
    </Facts>
  );
}

/** The lines at a node, as buttons: this is how the keyboard comes to them. */
function Lines({ node, nodes, links, select }: { node: GraphNode } & BodyProps) {
  const { t } = useI18n();
  const byId = new Map(nodes.map((each) => [each.id, each]));
  const own = links.filter((link) => link.from === node.id || link.to === node.id);
  if (own.length === 0) return null;
  return (
    <>
      <h3 className="sub">{t("prov.lines")}</h3>
      <ul className="plain node-lines">
        {own.map((link) => {
          const other = byId.get(link.from === node.id ? link.to : link.from);
          return (
            <li key={link.id}>
              <span aria-hidden="true">{link.from === node.id ? "→" : "←"}</span>
              <button type="button" className="text-button" onClick={() => { select({ id: link.id }); }}>
                {linkText(link, t)} <b>{other && captions(other, t)[0]}</b>
              </button>
              <Time value={new Date(link.first).toISOString()} as="clock" />
            </li>
          );
        })}
      </ul>
    </>
  );
}

function LinkFacts({ link, nodes }: { link: Link; nodes: readonly GraphNode[] }) {
  const { t } = useI18n();
  const label = (id: string) => nodes.find((node) => node.id === id)?.label ?? id;
  return (
    <>
      <Facts>
        <Fact label={t("prov.from")}><Code wrap>{label(link.from)}</Code></Fact>
        <Fact label={t("prov.to")}><Code wrap>{label(link.to)}</Code></Fact>
      </Facts>
      <table className="plain-table">
        <thead>
          <tr>
            <th>{t("prov.operation")}</th>
            <th className="figures">{t("col.count")}</th>
            <th className="figures">{t("prov.bytes")}</th>
            <th>{t("evidence.first")}</th>
            <th>{t("evidence.last")}</th>
          </tr>
        </thead>
        <tbody>
          {link.edges.map((edge) => (
            <tr key={edge.op}>
              <td>{named(t, "op", edge.op)}</td>
              <td className="figures">{count(edge.count)}</td>
              <td className="figures">{edge.bytes > 0 ? bytes(edge.bytes) : "–"}</td>
              <td><Time value={edge.first} /></td>
              <td><Time value={edge.last} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** The place in the log of what was chosen. */
function spotOf({ selection, nodes, links, intrusion }: BodyProps): Spot | undefined {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const edge = links.find((link) => link.id === selection.id)?.edges[0];
  if (edge) return spotOfEdge(edge, byId);
  const member = intrusion?.processes?.find((process) => process.key === selection.member);
  if (member) return { around: member.start, process: member.key };
  const node = byId.get(selection.id);
  return node && spotOfNode(node, links, byId);
}

function Body(props: BodyProps) {
  const { t } = useI18n();
  const { selection, nodes, links, host, nameOf } = props;
  const node = nodes.find((each) => each.id === selection.id);
  const link = links.find((each) => each.id === selection.id);
  const spot = spotOf(props);
  return (
    <div className="evidence">
      {node && !selection.member && <NodeFacts node={node} />}
      {selection.member && <Facts><Fact label={t("node.process")}><Code wrap>{nameOf(selection.member)}</Code></Fact></Facts>}
      {link && <LinkFacts link={link} nodes={nodes} />}
      {spot ? <NearbyEvents key={JSON.stringify(spot)} host={host} {...spot} narrow /> : <p className="muted">{t("events.noplace")}</p>}
      {node && !selection.member && <Lines {...props} node={node} />}
    </div>
  );
}

/** What was chosen in the graph, and its raw events, beside the page. */
export function SelectionDrawer(props: Props) {
  const { t } = useI18n();
  const { selection, nodes, select } = props;
  const node = nodes.find((each) => each.id === selection?.id);
  const close = () => { select(undefined); };
  useEscape(selection !== undefined, close);
  return (
    <Drawer
      open={selection !== undefined}
      onClose={close}
      mask={false}
      keyboard={false}
      size={600}
      title={node ? captions(node, t)[0] : t("prov.line")}
      closable={{ "aria-label": t("evidence.close") }}
      destroyOnHidden
      rootClassName="evidence-drawer"
    >
      {selection && <Body {...props} selection={selection} />}
    </Drawer>
  );
}
