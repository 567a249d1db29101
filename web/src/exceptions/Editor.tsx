import { Alert, Button, Drawer, Form, Input, InputNumber, Select } from "antd";
import { useState } from "react";
import { useI18n } from "../i18n";
import { useRules } from "../rules/queries";
import { useRole } from "../session/role";
import { explain } from "../ui/State";
import { hasScope, isComplete, maxDays, type Draft } from "./draft";
import { PreviewResult } from "./PreviewResult";
import { useAdd, usePreview } from "./queries";

/** How far back a preview looks. */
const ranges = ["24h", "168h", "720h"] as const;

type Change = (change: Partial<Draft>) => void;

function Scope({ draft, change }: { draft: Draft; change: Change }) {
  const { t } = useI18n();
  const rules = useRules();
  const fixed = draft.proposal !== undefined;
  return (
    <>
      <Form.Item label={t("exceptions.rules")} extra={t("exceptions.rules.hint")}>
        <Select
          mode="multiple"
          disabled={fixed}
          value={draft.rules}
          aria-label={t("exceptions.rules")}
          placeholder={t("exceptions.any")}
          showSearch={{ optionFilterProp: "label" }}
          options={(rules.data ?? []).map((rule) => ({ value: rule.rule, label: rule.title }))}
          onChange={(value) => { change({ rules: value }); }}
        />
      </Form.Item>
      <Form.Item label={t("exceptions.hosts")} extra={t("exceptions.hosts.hint")}>
        <Select
          mode="tags"
          disabled={fixed}
          value={draft.hosts}
          aria-label={t("exceptions.hosts")}
          placeholder={t("exceptions.any")}
          open={false}
          suffix={null}
          tokenSeparators={[" ", ","]}
          onChange={(value) => { change({ hosts: value }); }}
        />
      </Form.Item>
      <Form.Item label={t("exceptions.selection")} extra={t("exceptions.selection.hint")}>
        <Input.TextArea
          className="mono"
          rows={4}
          disabled={fixed}
          value={draft.selection}
          aria-label={t("exceptions.selection")}
          placeholder={"Image|endswith: /rsync\nCommandLine|contains: backup@"}
          spellCheck={false}
          onChange={(event) => { change({ selection: event.target.value }); }}
        />
      </Form.Item>
    </>
  );
}

function Terms({ draft, change }: { draft: Draft; change: Change }) {
  const { t } = useI18n();
  return (
    <>
      <Form.Item label={t("exceptions.reason")} required>
        <Input
          value={draft.reason}
          maxLength={500}
          aria-label={t("exceptions.reason")}
          onChange={(event) => { change({ reason: event.target.value }); }}
        />
      </Form.Item>
      <Form.Item label={t("exceptions.days")} required extra={t("exceptions.days.hint", { n: maxDays })}>
        <InputNumber
          min={1}
          max={maxDays}
          precision={0}
          value={draft.days}
          aria-label={t("exceptions.days")}
          onChange={(days) => { change({ days: days ?? 0 }); }}
        />
      </Form.Item>
    </>
  );
}

function Ask({ draft }: { draft: Draft }) {
  const { t } = useI18n();
  const [since, setSince] = useState<(typeof ranges)[number]>("168h");
  const preview = usePreview();
  return (
    <>
      <div className="preview-ask">
        <Select
          value={since}
          aria-label={t("preview.range")}
          options={ranges.map((value) => ({ value, label: t(`preview.range.${value}`) }))}
          onChange={setSince}
        />
        <Button disabled={!hasScope(draft)} loading={preview.isPending} onClick={() => { preview.mutate({ draft, since }); }}>
          {t("preview.ask")}
        </Button>
      </div>
      {preview.error && <Alert type="error" showIcon title={explain(preview.error, t)} />}
      {preview.data && <PreviewResult preview={preview.data} />}
    </>
  );
}

/** Writes an exception, shows what it would have hidden, and puts it in force. */
export function Editor({ start, close }: { start: Draft; close: () => void }) {
  const { t } = useI18n();
  const may = useRole("responder");
  const [draft, setDraft] = useState(start);
  const add = useAdd();
  const change: Change = (part) => { setDraft((old) => ({ ...old, ...part })); };
  return (
    <Drawer
      open
      // A mask would lock the page's scrolling by a style element, which the
      // page's content security policy refuses.
      mask={false}
      size={640}
      onClose={close}
      title={t(draft.proposal ? "exceptions.accept.title" : "exceptions.new")}
      closable={{ "aria-label": t("exceptions.close") }}
      extra={
        <Button
          type="primary"
          disabled={!may || !isComplete(draft)}
          title={may ? undefined : t("exceptions.role")}
          loading={add.isPending}
          onClick={() => { add.mutate(draft, { onSuccess: close }); }}
        >
          {t("exceptions.save")}
        </Button>
      }
    >
      {add.error && <Alert type="error" showIcon title={explain(add.error, t)} />}
      <Form layout="vertical">
        <Scope draft={draft} change={change} />
        <Terms draft={draft} change={change} />
      </Form>
      {/* A preview is of one scope: another scope starts without one. */}
      <Ask key={JSON.stringify([draft.rules, draft.hosts, draft.selection])} draft={draft} />
    </Drawer>
  );
}
