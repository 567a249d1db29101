package baize.probe.core;

/** Statements without their literals. */
final class Sql {
    /** Beyond this nothing is looked at: the cost of a hook is bounded. */
    private static final int LONGEST = 4096;

    private Sql() {}

    /** The statement with a question mark in place of each number and quoted string, and runs of blanks as one. */
    static String skeleton(String sql) {
        int end = Math.min(sql.length(), LONGEST);
        StringBuilder out = new StringBuilder(end);
        for (int at = 0; at < end; ) {
            char c = sql.charAt(at);
            if (c == '\'') {
                at = pastQuote(sql, at + 1, end);
                out.append('?');
            } else if (c >= '0' && c <= '9' && !endsInWord(out)) {
                at = pastNumber(sql, at, end);
                out.append('?');
            } else if (Character.isWhitespace(c)) {
                at++;
                if (out.length() > 0 && out.charAt(out.length() - 1) != ' ') {
                    out.append(' ');
                }
            } else {
                out.append(c);
                at++;
            }
        }
        return out.toString();
    }

    private static int pastQuote(String sql, int from, int end) {
        for (int at = from; at < end; at++) {
            if (sql.charAt(at) == '\'') {
                if (at + 1 == end || sql.charAt(at + 1) != '\'') {
                    return at + 1;
                }
                at++;
            }
        }
        return end;
    }

    private static int pastNumber(String sql, int from, int end) {
        int at = from;
        while (at < end && (Character.isLetterOrDigit(sql.charAt(at)) || sql.charAt(at) == '.')) {
            at++;
        }
        return at;
    }

    private static boolean endsInWord(CharSequence text) {
        if (text.length() == 0) {
            return false;
        }
        char last = text.charAt(text.length() - 1);
        return Character.isLetterOrDigit(last) || last == '_' || last == '$';
    }
}
