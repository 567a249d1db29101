import { Alert, Button, Drawer, Form, Input, Radio } from "antd";
import { useState } from "react";
import type { Assignment } from "../api/types";
import { useI18n } from "../i18n";
import { useRole } from "../session/role";
import { Code } from "../ui/Code";
import { Await, explain } from "../ui/State";
import { Time } from "../ui/Time";
import { useEscape } from "../ui/useEscape";
import { draftOf, empty, isComplete, maxLabel, maxMatch, type Draft } from "./draft";
import { useAssign, useLabels, useUnassign } from "./queries";
import { Tags } from "./Tags";

/** Gives labels to what a name matches. */
function Editor({ draft, setDraft }: { draft: Draft; setDraft: (draft: Draft) => void }) {
  const { t } = useI18n();
  const assign = useAssign();
  const change = (part: Partial<Draft>) => { setDraft({ ...draft, ...part }); };
  return (
    <Form layout="vertical" className="labels-form" onFinish={() => { assign.mutate(draft, { onSuccess: () => { setDraft(empty); } }); }}>
      {assign.error && <Alert type="error" showIcon title={explain(assign.error, t)} />}
      <Form.Item label={t("labels.kind")}>
        <Radio.Group
          value={draft.kind}
          options={(["host", "image"] as const).map((value) => ({ value, label: t(`labels.kind.${value}`) }))}
          onChange={(event) => { change({ kind: event.target.value as Draft["kind"] }); }}
        />
      </Form.Item>
      <Form.Item label={t("labels.match")} required extra={t(`labels.match.${draft.kind}`)}>
        <Input className="mono" value={draft.match} maxLength={maxMatch} aria-label={t("labels.match")} onChange={(event) => { change({ match: event.target.value }); }} />
      </Form.Item>
      <div className="labels-row">
        {(["service", "owner", "group"] as const).map((part) => (
          <Form.Item key={part} label={t(`labels.${part}`)}>
            <Input value={draft[part]} maxLength={maxLabel} aria-label={t(`labels.${part}`)} onChange={(event) => { change({ [part]: event.target.value }); }} />
          </Form.Item>
        ))}
      </div>
      <Button type="primary" htmlType="submit" disabled={!isComplete(draft)} loading={assign.isPending}>{t("labels.save")}</Button>
    </Form>
  );
}

function Row({ assignment, edit }: { assignment: Assignment; edit: ((draft: Draft) => void) | undefined }) {
  const { t } = useI18n();
  const remove = useUnassign();
  const { id, kind, match, by, at } = assignment;
  return (
    <tr>
      <td>{t(kind === "image" ? "labels.kind.image" : "labels.kind.host")}</td>
      <td><Code>{match}</Code></td>
      <td><Tags labels={assignment} /></td>
      <td className="muted">{by} <Time value={at} as="ago" /></td>
      <td className="right">
        {edit && (
          <>
            <Button size="small" type="link" aria-label={t("labels.edit.of", { name: match })} onClick={() => { edit(draftOf(kind === "image" ? "image" : "host", match, [assignment])); }}>{t("labels.edit")}</Button>
            <Button size="small" type="link" danger loading={remove.isPending} aria-label={t("labels.remove.of", { name: match })} onClick={() => { remove.mutate(id); }}>{t("labels.remove")}</Button>
          </>
        )}
        {remove.error && <span className="bad" role="alert">{explain(remove.error, t)}</span>}
      </td>
    </tr>
  );
}

/** Shows who and what has labels; administrators give and take them. */
export function LabelsDrawer({ start, close }: { start: Draft; close: () => void }) {
  const { t } = useI18n();
  const may = useRole("admin");
  const [draft, setDraft] = useState(start);
  const query = useLabels();
  useEscape(true, close);
  return (
    // A mask would lock the page's scrolling by a style element, which the page's
    // content security policy refuses.
    <Drawer open mask={false} keyboard={false} size={680} onClose={close} title={t("labels.manage")} closable={{ "aria-label": t("labels.close") }}>
      <p className="muted">{t("labels.intro")}</p>
      {may ? <Editor draft={draft} setDraft={setDraft} /> : <p className="muted">{t("labels.role")}</p>}
      <Await query={query}>
        {({ items }) => items.length === 0 ? <p className="muted">{t("labels.empty")}</p> : (
          <table className="plain-table labels-table">
            <thead>
              <tr><th>{t("labels.kind")}</th><th>{t("labels.match")}</th><th>{t("labels.title")}</th><th>{t("labels.by")}</th><th /></tr>
            </thead>
            <tbody>{items.map((each) => <Row key={each.id} assignment={each} edit={may ? setDraft : undefined} />)}</tbody>
          </table>
        )}
      </Await>
    </Drawer>
  );
}
