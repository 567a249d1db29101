package baize.probe.core;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.naming.Context;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import javax.script.AbstractScriptEngine;
import javax.script.Bindings;
import javax.script.ScriptContext;
import javax.script.ScriptEngineFactory;
import javax.script.SimpleBindings;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Opcodes;

/**
 * Uses what is hooked, so that a hook which died in silence is found. Every use fails before it reaches the
 * kernel or does nothing there: nothing is started, opened, sent or resolved.
 */
final class SelfTest {
    /** In the order of probe.proto's CheckResult. */
    enum Result {
        UNSPECIFIED,
        SEEN,
        NOT_SEEN,
        NOT_TRIED
    }

    static final class Check {
        final String hook;
        final Result result;
        final String reason;

        Check(String hook, Result result, String reason) {
            this.hook = hook;
            this.result = result;
            this.reason = reason;
        }
    }

    private interface Use {
        void run() throws Exception;
    }

    /** No file of this name can be, and Java refuses it before it asks the kernel. */
    private static final File NOWHERE = new File("baize-verify\0");

    private final Catalog catalog;
    private final Gate gate;
    private final Map<String, Use> uses = new LinkedHashMap<>();

    SelfTest(Catalog catalog, Gate gate) {
        this.catalog = catalog;
        this.gate = gate;
        InetSocketAddress nobody = InetSocketAddress.createUnresolved("baize-verify.invalid", 9);
        uses.put("process.start", () -> new ProcessBuilder("baize-verify").redirectOutput(NOWHERE).start());
        uses.put("file.open", () -> new FileInputStream(NOWHERE).close());
        uses.put("file.delete", NOWHERE::delete);
        uses.put("file.rename", () -> NOWHERE.renameTo(NOWHERE));
        uses.put("file.list", NOWHERE::list);
        uses.put("network.connect", () -> {
            try (Socket socket = new Socket()) {
                socket.connect(nobody);
            }
        });
        uses.put("network.bind", () -> {
            try (ServerSocket socket = new ServerSocket()) {
                socket.bind(nobody);
            }
        });
        uses.put("network.send", () -> {
            DatagramSocket closed = new DatagramSocket(null);
            closed.close();
            closed.send(new DatagramPacket(new byte[1], 1, InetAddress.getLoopbackAddress(), 9));
        });
        // An address in a form that Java parses itself, and that the hook does not take for one.
        uses.put("dns.resolve", () -> InetAddress.getAllByName("127.1"));
        // A port that cannot be fails where the address is made.
        uses.put(
                "http.request",
                () -> new URL("http", "127.0.0.1", 99999, "/baize-verify").openConnection(Proxy.NO_PROXY).connect());
        uses.put("jndi.lookup", () -> Naming.use());
        uses.put("deserialize", SelfTest::deserialize);
        uses.put("expression", () -> Script.use());
        uses.put("class.define", () -> new Definer().define());
        uses.put("library.load", SelfTest::load);
    }

    List<Check> run(String nonce) {
        List<Check> checks = new ArrayList<>();
        for (Hook hook : catalog.hooks.values()) {
            checks.add(check(hook, nonce));
        }
        return checks;
    }

    private Check check(Hook hook, String nonce) {
        Use use = uses.get(hook.name);
        if (use == null) {
            return new Check(hook.name, Result.NOT_TRIED, "there is no harmless use of it");
        }
        if (hook.closed) {
            return new Check(hook.name, Result.NOT_TRIED, "the hook is off");
        }
        if (!gate.breaker.isEmpty()) {
            return new Check(hook.name, Result.NOT_TRIED, "the breaker is open: " + gate.breaker);
        }
        final Throwable[] failure = new Throwable[1];
        boolean[] reached = gate.during(nonce, () -> {
            try {
                use.run();
            } catch (Throwable e) {
                failure[0] = e;
            }
        });
        for (Point point : catalog.points) {
            if (point.hook == hook && reached[point.id]) {
                return new Check(hook.name, Result.SEEN, "");
            }
        }
        if (failure[0] instanceof NotHere || failure[0] instanceof NoClassDefFoundError) {
            return new Check(hook.name, Result.NOT_TRIED, failure[0].getMessage());
        }
        return new Check(hook.name, Result.NOT_SEEN, failure[0] == null ? "" : failure[0].toString());
    }

    /** A use that this JVM does not offer. */
    private static final class NotHere extends Exception {
        private static final long serialVersionUID = 1;

        NotHere(String reason) {
            super(reason);
        }
    }

    private static void deserialize() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(new Date(0));
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            in.readObject();
        }
    }

    private static void load() throws NotHere {
        String version = System.getProperty("java.specification.version");
        if (!version.startsWith("1.") && Integer.parseInt(version) >= 24) {
            throw new NotHere("from Java 24 on it would print a warning to the application's standard error");
        }
        // Not absolute, so refused.
        System.load("baize-verify");
    }

    /** Apart, because an image of Java may lack its module. */
    private static final class Naming extends InitialContext {
        private Naming() throws NamingException {
            super(true);
        }

        static void use() throws NamingException {
            new Naming().lookup("baize-verify");
        }

        /** Asks none of the application's factories. */
        @Override
        protected Context getURLOrDefaultInitCtx(String name) throws NamingException {
            throw new NamingException();
        }
    }

    private static final class Script extends AbstractScriptEngine {
        static void use() throws Exception {
            new Script().eval("baize-verify");
        }

        @Override
        public Object eval(String script, ScriptContext context) {
            return null;
        }

        @Override
        public Object eval(java.io.Reader reader, ScriptContext context) {
            return null;
        }

        @Override
        public Bindings createBindings() {
            return new SimpleBindings();
        }

        @Override
        public ScriptEngineFactory getFactory() {
            return null;
        }
    }

    private static final class Definer extends ClassLoader {
        Definer() {
            super(null);
        }

        void define() {
            ClassWriter writer = new ClassWriter(0);
            writer.visit(Opcodes.V1_8, Opcodes.ACC_PUBLIC, "baizeverify/Empty", null, "java/lang/Object", null);
            writer.visitEnd();
            byte[] code = writer.toByteArray();
            defineClass("baizeverify.Empty", code, 0, code.length);
        }
    }
}
