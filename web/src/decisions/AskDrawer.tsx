import { Alert, Button, Drawer, Form, Input, Radio, Select } from "antd";
import { useState } from "react";
import { ApiError } from "../api/http";
import { useIncidents } from "../api/queries";
import type { Incident } from "../api/types";
import { named, useI18n, type Translate } from "../i18n";
import { entityText, reasonText } from "../incident/entityText";
import { bare } from "../incident/summary";
import { Code } from "../ui/Code";
import { hostName } from "../ui/Hosts";
import { explain } from "../ui/State";
import { useEscape } from "../ui/useEscape";
import { useDecide } from "./queries";
import { What } from "./What";
import { isComplete, needsOther, verdicts, type Answers, type Wish } from "./wish";

/** Reasons that are known, not guessed: their weight does not learn. */
const known = new Set(["lineage", "process", "intrusion", "file_flow"]);

/** What the server says against it, in its own words: they name what is in the way. */
function refusal(error: Error, t: Translate): string {
  return error instanceof ApiError && (error.status === 422 || error.status === 409) ? t("decide.refused", { detail: error.detail }) : explain(error, t);
}

/** What is decided about, as the page shows it. */
function Subject({ wish, incident }: { wish: Wish; incident: Incident }) {
  const { t } = useI18n();
  switch (wish.kind) {
    case "demote":
      return <p>{named(t, "entity", wish.entity.type)} <Code>{entityText(bare(wish.entity), incident.hosts ?? [])}</Code></p>;
    case "confirm":
    case "reject":
      return <p>{named(t, "reason", wish.reason)} <Code>{reasonText(wish.of, incident)}</Code></p>;
    case "withdraw":
      return <p><What decision={wish.decision} incident={incident} /></p>;
    default:
      return <p><b>{incident.title}</b> <span className="mono muted">{incident.id}</span></p>;
  }
}

/** Chooses another open incident, or takes the id of one that is not listed. */
function Other({ incident, value, change }: { incident: Incident; value: string | undefined; change: (id: string) => void }) {
  const { t } = useI18n();
  const [typed, setTyped] = useState("");
  const listed = (useIncidents().data?.pages ?? [])
    .flatMap((page) => page.items)
    .filter((other) => other.id !== incident.id && other.status === "open" && !other.merged_into)
    .map((other) => ({ value: other.id, label: `${other.title} · ${(other.hosts ?? []).map(hostName).slice(0, 3).join(", ")} · ${other.id}` }));
  const id = typed.trim();
  const stranger = id !== "" && !/\s/.test(id) && !listed.some(({ label }) => label.toLowerCase().includes(id.toLowerCase()));
  return (
    <Form.Item label={t("decide.with")} required extra={t("decide.with.hint")}>
      <Select
        value={value ?? null}
        aria-label={t("decide.with")}
        placeholder={t("decide.with.choose")}
        showSearch={{ optionFilterProp: "label", onSearch: setTyped }}
        notFoundContent={t("decide.with.none")}
        options={stranger ? [...listed, { value: id, label: id }] : listed}
        onChange={change}
      />
    </Form.Item>
  );
}

function Verdicts({ value, change }: { value: string | undefined; change: (verdict: (typeof verdicts)[number]) => void }) {
  const { t } = useI18n();
  return (
    <Form.Item label={t("decide.verdict")} required>
      <Radio.Group
        className="verdicts"
        value={value}
        options={verdicts.map((verdict) => ({ value: verdict, label: t(`verdict.${verdict}`) }))}
        onChange={(event) => { change(event.target.value as (typeof verdicts)[number]); }}
      />
    </Form.Item>
  );
}

/** What it will do, in a sentence or two. */
function effect(wish: Wish, t: Translate): string {
  if (wish.kind === "split" || wish.kind === "move") return t(`decide.effect.${wish.kind}`, { n: wish.alerts.length });
  if ((wish.kind === "reject" || wish.kind === "confirm") && known.has(wish.reason)) return t(`decide.known.${wish.kind}`);
  return t(`decide.effect.${wish.kind}`);
}

/** Asks once before a decision: says what it will do, takes a note, and shows what the server refuses. */
export function AskDrawer({ wish, incident, close }: { wish: Wish; incident: Incident; close: () => void }) {
  const { t } = useI18n();
  const [answers, setAnswers] = useState<Answers>({ note: "" });
  const decide = useDecide(incident.id);
  const change = (part: Partial<Answers>) => { setAnswers((old) => ({ ...old, ...part })); };
  useEscape(true, close);
  const reopen = wish.kind === "withdraw" && wish.decision.kind === "close";
  const title = t(reopen ? "decide.title.reopen" : `decide.title.${wish.kind}`);
  return (
    <Drawer open mask={false} keyboard={false} size={480} onClose={close} title={title} closable={{ "aria-label": t("decide.cancel") }} rootClassName="ask">
      <Form layout="vertical" onFinish={() => { decide.mutate({ wish, answers }, { onSuccess: close }); }}>
        <Subject wish={wish} incident={incident} />
        <p className="ask-effect">{reopen ? t("decide.effect.reopen") : effect(wish, t)}</p>
        {wish.kind === "close" && <Verdicts value={answers.verdict} change={(verdict) => { change({ verdict }); }} />}
        {needsOther(wish) && <Other incident={incident} value={answers.with} change={(id) => { change({ with: id }); }} />}
        {wish.kind !== "withdraw" && (
          <Form.Item label={t("decide.note")} extra={t("decide.note.hint")}>
            <Input.TextArea rows={3} maxLength={2000} value={answers.note} aria-label={t("decide.note")} onChange={(event) => { change({ note: event.target.value }); }} />
          </Form.Item>
        )}
        {decide.error && <Alert type="error" showIcon title={refusal(decide.error, t)} />}
        <div className="ask-buttons">
          <Button onClick={close}>{t("decide.cancel")}</Button>
          <Button type="primary" htmlType="submit" disabled={!isComplete(wish, answers)} loading={decide.isPending}>{title}</Button>
        </div>
      </Form>
    </Drawer>
  );
}
