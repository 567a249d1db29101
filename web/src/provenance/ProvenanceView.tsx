import { EvidenceDrawer } from "../alerts/EvidenceDrawer";
import { useEvidence } from "../alerts/useEvidence";
import type { Answer, Graph, Intrusion, Stage } from "../api/types";
import { named, useI18n } from "../i18n";
import { CopyButton } from "../ui/Copy";
import { count } from "../ui/format";
import { Panel } from "../ui/Panel";
import { Time } from "../ui/Time";
import { Answers } from "./Answers";
import { GraphPanel } from "./GraphPanel";
import { KillChain } from "./KillChain";
import { Lists } from "./Lists";

/** What an intrusion is at a glance. */
export function IntrusionFacts({ intrusion }: { intrusion: Intrusion }) {
  const { t } = useI18n();
  const roots = intrusion.roots ?? [];
  const sources = [...new Set(roots.flatMap((root) => root.source ?? []))];
  const kinds = [...new Set(roots.flatMap((root) => root.kind ?? []))];
  return (
    <dl className="head-facts">
      <div><dt>{t("col.opened")}</dt><dd className="figures"><Time value={intrusion.opened} /></dd></div>
      <div><dt>{t("col.updated")}</dt><dd className="figures"><Time value={intrusion.updated} /></dd></div>
      <div>
        <dt>{t("list.roots")}</dt>
        <dd>
          <b className="figures">{count(roots.length + (intrusion.more_roots ?? 0))}</b>{" "}
          <span className="muted">{kinds.map((kind) => named(t, "tree.context", kind)).join(t("prov.comma"))}</span>
        </dd>
      </div>
      {sources.length > 0 && <div><dt>{t("evidence.source")}</dt><dd className="mono">{sources.join(", ")}</dd></div>}
      <div><dt>{t("list.alive")}</dt><dd className={intrusion.alive > 0 ? "figures bad" : "figures"}>{count(intrusion.alive)}</dd></div>
      <div><dt>ID</dt><dd className="mono short">{intrusion.id} <CopyButton text={intrusion.id} /></dd></div>
    </dl>
  );
}

interface Props {
  graph: Graph;
  host: string;
  answers: Record<string, Answer>;
  stages: readonly Stage[];
  intrusion: Intrusion | undefined;
  onStored?: (() => void) | undefined;
}

/** Where it came from, what came of it, and what can be said of the five questions. */
export function ProvenanceView({ graph, host, answers, stages, intrusion, onStored }: Props) {
  const { t } = useI18n();
  const [evidence, open] = useEvidence();
  return (
    <div className="provenance">
      {stages.length > 0 && (
        <Panel title={t("chain.title")} id="chain">
          <KillChain stages={stages} day={intrusion?.updated} open={open} />
        </Panel>
      )}
      <GraphPanel graph={graph} host={host} intrusion={intrusion} onStored={onStored} />
      <Panel title={t("answers.title")} id="answers">
        <Answers answers={answers} intrusions={intrusion ? [intrusion] : []} />
      </Panel>
      {intrusion && <Lists intrusion={intrusion} />}
      <EvidenceDrawer id={evidence} order={[]} open={open} />
    </div>
  );
}
