package shop;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.RandomAccessFile;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** What requests come to. */
public class Controller {
    public String handle(String what, String[] words) throws Exception {
        String word = words.length == 0 ? "" : words[0];
        switch (what) {
            case "exec":
                return exec(words);
            case "read":
                return read(word);
            case "read.twice":
                return read(word) + otherRead(word);
            case "read.nio":
                return String.valueOf(Files.readAllBytes(Paths.get(word)).length);
            case "read.random":
                new RandomAccessFile(word, "r").close();
                return "";
            case "read.channel":
                FileChannel.open(Paths.get(word)).close();
                return "";
            case "read.reflect":
                return reflect(word);
            case "read.lambda":
                return lambda(word);
            case "read.proxy":
                return proxy(word);
            case "read.memory":
                return fromMemory(word);
            case "read.loop":
                return loop(Integer.parseInt(words[1]), word);
            case "write":
                new FileOutputStream(word).close();
                return "";
            case "write.nio":
                Files.write(Paths.get(word), new byte[0]);
                return "";
            case "copy":
                Files.copy(Paths.get(word), Paths.get(words[1]));
                return "";
            case "delete":
                return String.valueOf(new File(word).delete());
            case "delete.nio":
                Files.delete(Paths.get(word));
                return "";
            case "rename":
                return String.valueOf(new File(word).renameTo(new File(words[1])));
            case "move":
                Files.move(Paths.get(word), Paths.get(words[1]));
                return "";
            case "list":
                return Arrays.toString(new File(word).list());
            case "list.files":
                return Arrays.toString(new File(word).listFiles());
            case "flood":
                return flood(Integer.parseInt(word), words[1]);
            case "list.nio":
                try (Stream<Path> paths = Files.list(Paths.get(word))) {
                    return String.valueOf(paths.count());
                }
            case "deserialize":
                return deserialize(word);
            case "script":
                return script(word);
            case "spel":
                return spel(String.join(" ", words));
            case "jndi":
                return String.valueOf(new javax.naming.InitialContext().lookup(word));
            case "load":
                System.load(word);
                return "";
            case "sql":
                return sql(String.join(" ", words));
            case "sql.prepare":
                return prepare(String.join(" ", words));
            case "request":
                return (String) Class.forName("shop.Requests").getMethod("get", String.class).invoke(null, word);
            case "hidden":
                return (String) Class.forName("shop.Hidden").getMethod("define").invoke(null);
            default:
                return network(what, words);
        }
    }

    private String network(String what, String[] words) throws Exception {
        InetAddress here = InetAddress.getLoopbackAddress();
        int port = words.length == 0 ? 0 : words[0].matches("[0-9]+") ? Integer.parseInt(words[0]) : 0;
        switch (what) {
            case "connect":
                new Socket(here, port).close();
                return "";
            case "connect.nio":
                SocketChannel.open(new InetSocketAddress(here, port)).close();
                return "";
            case "connect.adaptor":
                SocketChannel channel = SocketChannel.open();
                channel.socket().connect(new InetSocketAddress(here, port), 1000);
                channel.close();
                return "";
            case "bind":
                new ServerSocket(0, 1, here).close();
                return "";
            case "bind.nio":
                ServerSocketChannel.open().bind(new InetSocketAddress(here, 0)).close();
                return "";
            case "send":
                try (DatagramSocket socket = new DatagramSocket(0, here)) {
                    socket.send(new DatagramPacket(new byte[1], 1, here, port));
                }
                return "";
            case "send.nio":
                try (DatagramChannel datagrams = DatagramChannel.open()) {
                    datagrams.send(ByteBuffer.allocate(1), new InetSocketAddress(here, port));
                }
                return "";
            case "resolve":
                return InetAddress.getByName(words[0]).getHostAddress();
            case "http":
                return fetch(words[0]);
            default:
                throw new IllegalArgumentException(what);
        }
    }

    private static int flooded;

    /** So many directories that were never looked for before. */
    private String flood(int count, String root) {
        for (int i = 0; i < count; i++) {
            new File(root, "nothing" + flooded++).list();
        }
        return "";
    }

    private String exec(String[] words) throws Exception {
        return String.valueOf(new ProcessBuilder(words).start().waitFor());
    }

    String read(String path) throws Exception {
        try (InputStream in = new FileInputStream(path)) {
            return String.valueOf(in.read());
        }
    }

    /** An overload, which a stack does not name. */
    String read(String path, int times) throws Exception {
        String last = "";
        for (int i = 0; i < times; i++) {
            new FileInputStream(path).close();
        }
        return last;
    }

    private String otherRead(String path) throws Exception {
        return read(path, 1);
    }

    private String fetch(String url) throws Exception {
        HttpURLConnection connection = (HttpURLConnection) new URL(url).openConnection();
        try {
            return String.valueOf(connection.getResponseCode());
        } finally {
            connection.disconnect();
        }
    }

    private String reflect(String path) throws Exception {
        Method read = Controller.class.getDeclaredMethod("read", String.class);
        return (String) read.invoke(this, path);
    }

    private String lambda(String path) {
        Supplier<String> supplier = () -> {
            try {
                return read(path);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        };
        return supplier.get();
    }

    /** What a dynamic proxy stands for. */
    public interface Reading {
        String of(String path) throws Exception;
    }

    private String proxy(String path) throws Exception {
        Reading reading = (Reading) Proxy.newProxyInstance(
                Controller.class.getClassLoader(), new Class<?>[] {Reading.class}, (self, method, args) -> read((String) args[0]));
        return reading.of(path);
    }

    private String loop(int depth, String path) throws Exception {
        return depth == 0 ? read(path) : loop(depth - 1, path);
    }

    /** As a memory shell comes: a class out of bytes that no file holds. */
    private String fromMemory(String path) throws Exception {
        String file = "shop/Intruder.class";
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (InputStream in = Controller.class.getClassLoader().getResourceAsStream(file + ".bytes")) {
            for (int b = in.read(); b >= 0; b = in.read()) {
                bytes.write(b);
            }
        }
        final byte[] code = bytes.toByteArray();
        Class<?> type = new ClassLoader(Controller.class.getClassLoader()) {
            Class<?> define() {
                return defineClass("shop.Intruder", code, 0, code.length);
            }
        }.define();
        return String.valueOf(type.getMethod("equals", Object.class).invoke(type.getConstructor().newInstance(), path));
    }

    /** Reads the file when it is read back, as a gadget chain would. */
    public static final class Gadget implements java.io.Serializable {
        private static final long serialVersionUID = 1;
        private final String path;

        Gadget(String path) {
            this.path = path;
        }

        private void readObject(ObjectInputStream in) throws Exception {
            in.defaultReadObject();
            new FileInputStream(path).close();
        }
    }

    private String deserialize(String path) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(new Gadget(path));
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            return in.readObject().getClass().getName();
        }
    }

    private String script(String text) throws Exception {
        return String.valueOf(new Engine().eval(text));
    }

    /** A script that reads the file it names. */
    static final class Engine extends javax.script.AbstractScriptEngine {
        @Override
        public Object eval(String script, javax.script.ScriptContext context) {
            try {
                return new Controller().read(script);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public Object eval(java.io.Reader reader, javax.script.ScriptContext context) {
            return null;
        }

        @Override
        public javax.script.Bindings createBindings() {
            return new javax.script.SimpleBindings();
        }

        @Override
        public javax.script.ScriptEngineFactory getFactory() {
            return null;
        }
    }

    private String spel(String text) throws Exception {
        Class<?> parser = Class.forName("org.springframework.expression.spel.standard.SpelExpressionParser");
        Object expression = parser.getMethod("parseExpression", String.class).invoke(parser.getConstructor().newInstance(), text);
        return String.valueOf(Class.forName("org.springframework.expression.Expression").getMethod("getValue").invoke(expression));
    }

    private String sql(String text) throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:h2:mem:shop;DB_CLOSE_DELAY=-1");
                Statement statement = connection.createStatement()) {
            return String.valueOf(statement.execute(text));
        }
    }

    private String prepare(String text) throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:h2:mem:shop;DB_CLOSE_DELAY=-1");
                PreparedStatement statement = connection.prepareStatement(text)) {
            return String.valueOf(statement.execute());
        }
    }}
