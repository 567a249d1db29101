package baize.probe.core;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The call-stack hash, version 1: the same for the same way through the code, on any host and Java version,
 * before and after a restart. docs/probes.md tells the rules.
 */
final class StackHash {
    static final int VERSION = 1;
    private static final String RUNTIME = "jvm";
    private static final int HEX_DIGITS = 32;
    /** The longest loop through several methods that counts as recursion. */
    private static final int LONGEST_LOOP = 8;

    /** Where a request, message or thread enters the application: what lies below does not tell ways apart. */
    private static final Set<String> ANCHORS = new HashSet<>(Arrays.asList(
            "javax.servlet.http.HttpServlet.service",
            "jakarta.servlet.http.HttpServlet.service",
            "org.springframework.web.servlet.DispatcherServlet.doDispatch",
            "org.springframework.web.reactive.DispatcherHandler.handle",
            "org.apache.catalina.core.StandardWrapperValve.invoke",
            "org.eclipse.jetty.server.Server.handle",
            "io.undertow.server.Connectors.executeRootHandler",
            "io.netty.channel.AbstractChannelHandlerContext.invokeChannelRead"));

    /** One frame as the hash sees it. */
    static final class Frame {
        final String className;
        final String method;
        /** Of the JDK, by its name and its loader. */
        final boolean runtime;
        final boolean business;
        /** Its class has neither code source nor resource. */
        final boolean sourceless;

        Frame(String className, String method, boolean runtime, boolean business, boolean sourceless) {
            this.className = className;
            this.method = method;
            this.runtime = runtime;
            this.business = business;
            this.sourceless = sourceless;
        }
    }

    final String hash;
    /** Empty if there is no business frame. */
    final String businessHash;
    /** What was hashed. */
    final List<String> lines = new ArrayList<>();
    final List<String> businessLines = new ArrayList<>();

    /**
     * @param frames innermost first, from the hooked method on
     * @param truncated there were more frames
     */
    StackHash(String hook, List<Frame> frames, boolean truncated) {
        String runtime = null;
        boolean anchored = false;
        for (Frame frame : frames) {
            if (frame.runtime) {
                // Of a run of the JDK's own frames only the outermost, which the application called, is the same
                // on every Java version.
                runtime = Names.stable(frame.className, frame.method);
                continue;
            }
            if (!frame.sourceless && Names.isPlumbing(frame.className, frame.method)) {
                continue;
            }
            if (runtime != null) {
                add(lines, runtime);
                runtime = null;
            }
            String line = frame.sourceless ? "<nosrc>" : Names.stable(frame.className, frame.method);
            add(lines, line);
            if (frame.business && !frame.sourceless) {
                add(businessLines, line);
            }
            if (isAnchor(frame)) {
                anchored = true;
                break;
            }
        }
        if (!anchored && truncated) {
            lines.add("<truncated>");
        } else if (!anchored && runtime != null) {
            lines.add("<entry>");
        }
        hash = hash(hook, lines);
        businessHash = businessLines.isEmpty() ? "" : hash(hook, businessLines);
    }

    private static boolean isAnchor(Frame frame) {
        return !frame.sourceless
                && (frame.method.equals("doFilter") || ANCHORS.contains(frame.className + "." + frame.method));
    }

    /** Adds a line, and takes away what then only repeats the lines before it: A B A B is A B. */
    private static void add(List<String> lines, String line) {
        lines.add(line);
        int size = lines.size();
        for (int loop = 1; loop <= LONGEST_LOOP && 2 * loop <= size; loop++) {
            if (lines.subList(size - loop, size).equals(lines.subList(size - 2 * loop, size - loop))) {
                lines.subList(size - loop, size).clear();
                return;
            }
        }
    }

    private static String hash(String hook, List<String> lines) {
        StringBuilder text = new StringBuilder(RUNTIME).append('\n').append(hook);
        for (String line : lines) {
            text.append('\n').append(line);
        }
        return VERSION + ":" + hex(sha256(text.toString().getBytes(Wire.UTF8))).substring(0, HEX_DIGITS);
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    static String hex(byte[] bytes) {
        StringBuilder hex = new StringBuilder();
        for (byte b : bytes) {
            hex.append(Character.forDigit(b >> 4 & 15, 16)).append(Character.forDigit(b & 15, 16));
        }
        return hex.toString();
    }
}
