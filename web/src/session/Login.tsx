import { Alert, Button, Form, Input } from "antd";
import { useState } from "react";
import { ApiError } from "../api/http";
import { useI18n, type Translate } from "../i18n";
import { explain } from "../ui/State";
import { Front } from "./Front";
import { useSession } from "./session";

function reason(error: unknown, t: Translate): string {
  if (error instanceof ApiError && error.status === 401) return t("login.wrong");
  if (error instanceof ApiError && error.status === 429) return t("login.limited");
  return explain(error as Error, t);
}

/** The sign-in page; it stands in for any page until there is a session. */
export function Login({ expired }: { expired: boolean }) {
  const { t } = useI18n();
  const { login } = useSession();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();

  const submit = (values: { user: string; password: string }) => {
    setBusy(true);
    login(values.user, values.password)
      .catch((error: unknown) => { setFailure(error); })
      .finally(() => { setBusy(false); });
  };
  return (
    <Front title={t("login.title")}>
      <div className="front-note" aria-live="assertive">
        {failure !== undefined ? (
          <Alert type="error" showIcon title={reason(failure, t)} />
        ) : expired ? (
          <Alert type="info" showIcon title={t("login.expired")} />
        ) : (
          <p className="muted">{t("login.hint")}</p>
        )}
      </div>
      <Form layout="vertical" size="large" requiredMark={false} onFinish={submit} disabled={busy}>
        <Form.Item label={t("login.user")} name="user" rules={[{ required: true, message: "" }]}>
          <Input autoComplete="username" autoFocus />
        </Form.Item>
        <Form.Item label={t("login.password")} name="password" rules={[{ required: true, message: "" }]}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Button type="primary" htmlType="submit" block loading={busy}>
          {t("login.submit")}
        </Button>
      </Form>
    </Front>
  );
}
