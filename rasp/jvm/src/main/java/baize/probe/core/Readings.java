package baize.probe.core;

import java.io.File;
import java.lang.reflect.Method;
import java.net.DatagramPacket;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URL;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** How the arguments of each kind of hooked method are read. */
final class Readings {
    private Readings() {}

    /** An act whose key is also its one argument. */
    private interface Text {
        String of(Object self, Object a, Object b, Object c);
    }

    /** What is told of an act. */
    private interface Pairs {
        String[] of(Object self, Object a, Object b, Object c);
    }

    private static Point.Reading reading(final Text key, final Pairs pairs) {
        return new Point.Reading() {
            @Override
            public Object key(Object self, Object a, Object b, Object c) {
                return key.of(self, a, b, c);
            }

            @Override
            public String[] tell(Object self, Object a, Object b, Object c) {
                return pairs.of(self, a, b, c);
            }
        };
    }

    private static Point.Reading plain(String name, Text text) {
        return reading(text, (self, a, b, c) -> new String[] {name, text.of(self, a, b, c)});
    }

    /** The text of the first parameter. */
    static Point.Reading text(String name) {
        return plain(name, (self, a, b, c) -> a == null ? null : a.toString());
    }

    /** The path of a file: the first parameter, or else the receiver. */
    static Point.Reading path() {
        return plain("path", (self, a, b, c) -> pathOf(a == null ? self : a));
    }

    static Point.Reading open(String mode) {
        return reading(
                (self, a, b, c) -> pathOf(a), (self, a, b, c) -> new String[] {"path", pathOf(a), "mode", mode});
    }

    /** RandomAccessFile(file, mode) and the openers of nio (path, options). */
    static Point.Reading openWith() {
        return reading(
                (self, a, b, c) -> a == null ? null : modeOf(b) + pathOf(a),
                (self, a, b, c) -> new String[] {"path", pathOf(a), "mode", modeOf(b)});
    }

    static Point.Reading copy() {
        return reading(
                (self, a, b, c) -> pathOf(a) + '\0' + pathOf(b),
                (self, a, b, c) -> new String[] {"path", pathOf(a), "target", pathOf(b), "mode", "r"});
    }

    /** File.renameTo(target). */
    static Point.Reading renameTo() {
        return reading(
                (self, a, b, c) -> pathOf(self) + '\0' + pathOf(a),
                (self, a, b, c) -> new String[] {"path", pathOf(self), "target", pathOf(a)});
    }

    /** The provider's move(source, target). */
    static Point.Reading move() {
        return reading(
                (self, a, b, c) -> pathOf(a) + '\0' + pathOf(b),
                (self, a, b, c) -> new String[] {"path", pathOf(a), "target", pathOf(b)});
    }

    private static String pathOf(Object file) {
        if (file == null) {
            return null;
        }
        return file instanceof File ? ((File) file).getPath() : file.toString();
    }

    private static String modeOf(Object options) {
        if (options instanceof String) {
            return "r".equals(options) ? "r" : "rw";
        }
        if (!(options instanceof Set)) {
            return "r";
        }
        Set<?> set = (Set<?>) options;
        boolean write = set.contains(StandardOpenOption.WRITE) || set.contains(StandardOpenOption.APPEND);
        return !write ? "r" : set.contains(StandardOpenOption.READ) ? "rw" : "w";
    }

    /** The words of a command, and where it starts. */
    static Point.Reading command() {
        return reading(
                (self, a, b, c) -> String.join("\0", (String[]) a) + '\0' + b,
                (self, a, b, c) -> commandOf((String[]) a, (String) b));
    }

    /** The same in the form of execve: zero-terminated program, arguments each with a zero, directory. */
    static Point.Reading rawCommand() {
        return reading(
                (self, a, b, c) -> String.join("\0", words(a, b)) + '\0' + string(c),
                (self, a, b, c) -> commandOf(words(a, b), string(c)));
    }

    private static String[] words(Object program, Object block) {
        List<String> words = new ArrayList<>();
        words.add(string(program));
        String rest = new String((byte[]) block, Wire.UTF8);
        for (int from = 0, zero = rest.indexOf('\0'); zero >= 0; from = zero + 1, zero = rest.indexOf('\0', from)) {
            words.add(rest.substring(from, zero));
        }
        return words.toArray(new String[0]);
    }

    private static String string(Object zeroTerminated) {
        if (zeroTerminated == null) {
            return null;
        }
        byte[] bytes = (byte[]) zeroTerminated;
        int length = bytes.length > 0 && bytes[bytes.length - 1] == 0 ? bytes.length - 1 : bytes.length;
        return new String(bytes, 0, length, Wire.UTF8);
    }

    private static String[] commandOf(String[] words, String directory) {
        List<String> pairs = new ArrayList<>();
        for (String word : words) {
            pairs.add("command");
            pairs.add(word);
        }
        if (directory != null) {
            pairs.add("directory");
            pairs.add(directory);
        }
        return pairs.toArray(new String[0]);
    }

    /** A socket address; a datagram's is in the packet. */
    static Point.Reading address(String protocol) {
        return reading((self, a, b, c) -> addressKey(a), (self, a, b, c) -> addressPairs(a, protocol));
    }

    private static String addressKey(Object address) {
        InetSocketAddress inet = inet(address);
        if (inet == null) {
            return address == null || address instanceof DatagramPacket ? null : address.toString();
        }
        return inet.getHostString() + '/' + ip(inet) + ':' + inet.getPort();
    }

    private static String[] addressPairs(Object address, String protocol) {
        InetSocketAddress inet = inet(address);
        if (inet == null) {
            return new String[] {"address", address.toString(), "protocol", "unix"};
        }
        // As the application named it: getHostString never asks a name service.
        String host = inet.getHostString();
        String ip = ip(inet);
        String port = Integer.toString(inet.getPort());
        return host.equals(ip)
                ? new String[] {"address", ip, "port", port, "protocol", protocol}
                : new String[] {"address", ip, "port", port, "host", host, "protocol", protocol};
    }

    private static InetSocketAddress inet(Object address) {
        if (address instanceof DatagramPacket) {
            DatagramPacket packet = (DatagramPacket) address;
            return packet.getAddress() == null ? null : new InetSocketAddress(packet.getAddress(), packet.getPort());
        }
        return address instanceof InetSocketAddress ? (InetSocketAddress) address : null;
    }

    private static String ip(InetSocketAddress address) {
        InetAddress ip = address.getAddress();
        return ip == null ? "" : ip.getHostAddress();
    }

    /** A name to resolve; an address that is written out is none. */
    static Point.Reading host() {
        Pattern literal = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}|.*:.*");
        return plain("host", (self, a, b, c) -> {
            String host = (String) a;
            return host == null || host.isEmpty() || literal.matcher(host).matches() ? null : host;
        });
    }

    /** The receiver is the connection. The query belongs to the argument, not to what makes requests the same. */
    static Point.Reading connection() {
        return reading(
                (self, a, b, c) -> method(self) + ' ' + withoutQuery(url(self)),
                (self, a, b, c) -> new String[] {"url", url(self), "method", method(self)});
    }

    private static String url(Object connection) {
        return ((HttpURLConnection) connection).getURL().toString();
    }

    private static String method(Object connection) {
        return ((HttpURLConnection) connection).getRequestMethod();
    }

    /** A redirect: where it leads to. */
    static Point.Reading redirect() {
        return reading(
                (self, a, b, c) -> a instanceof URL ? withoutQuery(a.toString()) : null,
                (self, a, b, c) -> new String[] {"url", a.toString()});
    }

    /** A java.net.http.HttpRequest, which Java 8 does not have. */
    static Point.Reading request() {
        return reading(
                (self, a, b, c) -> a == null ? null : call(a, "method") + ' ' + withoutQuery(call(a, "uri")),
                (self, a, b, c) -> new String[] {"url", call(a, "uri"), "method", call(a, "method")});
    }

    private static String call(Object request, String method) {
        try {
            Class<?> type = request.getClass();
            while (!type.getName().equals("java.net.http.HttpRequest")) {
                type = type.getSuperclass();
            }
            Method getter = type.getMethod(method);
            return String.valueOf(getter.invoke(request));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String withoutQuery(String url) {
        int query = url.indexOf('?');
        return query < 0 ? url : url.substring(0, query);
    }

    /** A class object; arrays and primitives tell nothing. */
    static Point.Reading type() {
        return plain("class", (self, a, b, c) -> {
            Class<?> type = (Class<?>) a;
            return type == null || type.isArray() || type.isPrimitive() ? null : type.getName();
        });
    }

    static Point.Reading expression(String language) {
        return reading(
                (self, a, b, c) -> a == null ? null : a.toString(),
                (self, a, b, c) -> new String[] {"language", language, "text", a.toString()});
    }

    /** A class as bytes, without a loader that was asked. */
    static Point.Reading bytes(String provenance) {
        return reading(
                (self, a, b, c) -> Injector.nameOf((byte[]) a),
                (self, a, b, c) -> new String[] {
                    "class", Injector.nameOf((byte[]) a),
                    "size", Integer.toString(((byte[]) a).length),
                    "provenance", provenance
                });
    }

    /** A method that defines classes it already holds. */
    static Point.Reading defining(String what) {
        return plain("provenance", (self, a, b, c) -> what);
    }

    /** The transformer's own: name, loader and size of a class that is being defined without a code source. */
    static Point.Reading defined() {
        return reading(
                (self, a, b, c) -> a + "@" + b.getClass().getName(),
                (self, a, b, c) -> new String[] {
                    "class", (String) a,
                    "loader", b.getClass().getName(),
                    "size", String.valueOf(c),
                    "provenance", "no code source"
                });
    }

    /** Statements that differ in their literals alone are the same. */
    static Point.Reading sql() {
        return reading(
                (self, a, b, c) -> a == null ? null : Sql.skeleton((String) a),
                (self, a, b, c) -> new String[] {"sql", (String) a});
    }
}
