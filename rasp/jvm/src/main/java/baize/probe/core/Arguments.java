package baize.probe.core;

import java.util.HashMap;
import java.util.Map;

/** The argument string of an attach, as probe.proto documents it. */
final class Arguments {
    private static final int GRACE_SECONDS = 60;
    private static final int LONGEST_GRACE_SECONDS = 3600;
    /** What the kernel takes as the address of a unix socket, less the closing zero. */
    private static final int LONGEST_PATH = 107;

    final String jar;
    final String socket;
    final String fifo;
    final String token;
    final int graceSeconds;

    private Arguments(Map<String, String> pairs) {
        jar = path(pairs, "jar", 4096);
        socket = path(pairs, "socket", LONGEST_PATH);
        fifo = path(pairs, "fifo", LONGEST_PATH);
        token = pairs.remove("token");
        graceSeconds = grace(pairs.remove("grace"));
        if (!pairs.isEmpty()) {
            throw bad("unknown argument " + pairs.keySet().iterator().next());
        }
        if (jar == null) {
            throw bad("the argument jar is missing");
        }
        if (token == null || !token.matches("[0-9a-f]{32}")) {
            throw bad("token is not 32 hex digits");
        }
        if (socket == null && fifo == null) {
            throw bad("neither socket nor fifo is given");
        }
    }

    static Arguments parse(String text) {
        Map<String, String> pairs = new HashMap<>();
        for (String pair : text.split(",", -1)) {
            int equals = pair.indexOf('=');
            if (equals < 1) {
                throw bad("\"" + pair + "\" is not KEY=VALUE");
            }
            if (pairs.put(pair.substring(0, equals), pair.substring(equals + 1)) != null) {
                throw bad("the argument " + pair.substring(0, equals) + " is given twice");
            }
        }
        return new Arguments(pairs);
    }

    private static String path(Map<String, String> pairs, String key, int longest) {
        String path = pairs.remove(key);
        if (path != null && (!path.startsWith("/") || path.getBytes(Wire.UTF8).length > longest)) {
            throw bad(key + " is not an absolute path of at most " + longest + " bytes");
        }
        return path;
    }

    private static int grace(String text) {
        if (text == null) {
            return GRACE_SECONDS;
        }
        if (!text.matches("[0-9]{1,4}") || Integer.parseInt(text) > LONGEST_GRACE_SECONDS) {
            throw bad("grace is not a number of seconds up to " + LONGEST_GRACE_SECONDS);
        }
        return Integer.parseInt(text);
    }

    private static IllegalArgumentException bad(String what) {
        return new IllegalArgumentException("baize probe: " + what);
    }
}
