import { Button } from "antd";
import type { Proposal } from "../api/types";
import { useI18n } from "../i18n";
import { useRole } from "../session/role";
import { Level } from "../ui/Level";
import { Panel } from "../ui/Panel";
import { count } from "../ui/format";
import { Await } from "../ui/State";
import { useDismiss, useProposals } from "./queries";

interface RowProps {
  proposal: Proposal;
  accept: (proposal: Proposal) => void;
}

function Row({ proposal, accept }: RowProps) {
  const { t } = useI18n();
  const may = useRole("responder");
  const change = useDismiss();
  const dismissed = proposal.dismissed !== undefined;
  return (
    <li className={dismissed ? "proposal muted" : "proposal"}>
      <Level value={proposal.rule.level} />
      <span>
        <b>{proposal.rule.title ?? proposal.rule.id}</b>
        <span className="muted"> {t("proposals.seen", { n: proposal.hosts, firings: count(proposal.firings) })}</span>
        <code>{proposal.selection.replaceAll("\n", " · ")}</code>
        {dismissed && <span>{t("proposals.dismissed", { by: proposal.dismissed_by ?? "" })}</span>}
      </span>
      <span className="proposal-buttons">
        {!dismissed && (
          <Button size="small" disabled={!may} onClick={() => { accept(proposal); }}>
            {t("proposals.accept")}
          </Button>
        )}
        <Button
          size="small"
          type="text"
          disabled={!may}
          loading={change.isPending}
          onClick={() => { change.mutate({ id: proposal.id, dismiss: !dismissed }); }}
        >
          {t(dismissed ? "proposals.reconsider" : "proposals.dismiss")}
        </Button>
      </span>
    </li>
  );
}

/** What the server proposes to except; a person decides. */
export function Proposals({ accept }: { accept: (proposal: Proposal) => void }) {
  const { t } = useI18n();
  const query = useProposals(useRole("analyst"));
  return (
    <Panel title={t("proposals.title")} extra={t("proposals.hint")}>
      <Await query={query}>
        {(page) =>
          page.items.length === 0 ? (
            <p className="muted">{t("proposals.empty")}</p>
          ) : (
            <ul className="plain">{page.items.map((each) => <Row key={each.id} proposal={each} accept={accept} />)}</ul>
          )
        }
      </Await>
    </Panel>
  );
}
