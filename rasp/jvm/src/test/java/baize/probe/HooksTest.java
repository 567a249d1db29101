package baize.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import baize.probe.v1.Probe.Argument;
import baize.probe.v1.Probe.Check;
import baize.probe.v1.Probe.CheckResult;
import baize.probe.v1.Probe.Configure;
import baize.probe.v1.Probe.Event;
import baize.probe.v1.Probe.FromProbe;
import baize.probe.v1.Probe.Hook;
import baize.probe.v1.Probe.HookState;
import baize.probe.v1.Probe.Verified;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What each hook sees, on each Java that is here. */
class HooksTest {
    @TempDir
    Path directory;

    static List<Jdk> jdks() throws IOException {
        return Jdk.all();
    }

    private static String argument(Event event, String name) {
        return event.getArgumentsList().stream()
                .filter(one -> one.getName().equals(name))
                .map(Argument::getValue)
                .collect(Collectors.joining(" "));
    }

    /** Asks the victim for something that must go well, and returns the event that it gives. */
    private static Event see(Victim victim, TestAgent agent, String hook, String value, String line) throws Exception {
        String answer = victim.ask(line);
        assertTrue(answer.startsWith("ok"), line + ": " + answer);
        Event event = agent.event(hook, value);
        String top = event.getStack().getFrames(event.getStack().getTopBusiness()).getClass_();
        assertTrue(top.startsWith("shop.Controller") || top.equals("shop.Requests"), line + ": " + top);
        return event;
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void files(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            for (String way : List.of("read", "read.nio", "read.random", "read.channel")) {
                Path file = Files.writeString(directory.resolve(way), "x");
                Event event = see(victim, agent, "file.open", file.toString(), way + " " + file);
                assertEquals("r", argument(event, "mode"), way);
                assertEquals(tid(victim), event.getThread());
                assertEquals("main", event.getThreadName());
            }
            for (String way : List.of("write", "write.nio")) {
                String file = directory.resolve(way).toString();
                assertEquals("w", argument(see(victim, agent, "file.open", file, way + " " + file), "mode"), way);
            }
            String from = directory.resolve("write").toString();
            String to = directory.resolve("copy").toString();
            assertEquals(to, argument(see(victim, agent, "file.open", from, "copy " + from + " " + to), "target"));
            String renamed = directory.resolve("renamed").toString();
            assertEquals(from, argument(see(victim, agent, "file.rename", renamed, "rename " + from + " " + renamed), "path"));
            String moved = directory.resolve("moved").toString();
            assertEquals(renamed, argument(see(victim, agent, "file.rename", moved, "move " + renamed + " " + moved), "path"));
            see(victim, agent, "file.delete", moved, "delete " + moved);
            see(victim, agent, "file.delete", to, "delete.nio " + to);
            int n = 0;
            for (String way : List.of("list", "list.files", "list.nio")) {
                Path listed = Files.createDirectory(directory.resolve("d" + n++));
                see(victim, agent, "file.list", listed.toString(), way + " " + listed);
            }
        }
    }

    /** The id of the thread named main: the kernel cuts the JVM's first thread's name to it. */
    private static long tid(Victim victim) throws IOException {
        for (long tid = victim.pid() + 1; ; tid++) {
            Path comm = Path.of("/proc/" + victim.pid() + "/task/" + tid + "/comm");
            if (Files.exists(comm)) {
                return tid;
            }
        }
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void network(Jdk jdk) throws Exception {
        InetAddress here = InetAddress.getByName("127.0.0.1");
        try (Victim victim = new Victim(jdk, "-Djava.net.preferIPv4Stack=true"); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            for (String way : List.of("connect", "connect.nio", "connect.adaptor")) {
                try (ServerSocket server = new ServerSocket(0, 1, here)) {
                    String port = "" + server.getLocalPort();
                    Event event = see(victim, agent, "network.connect", port, way + " " + port);
                    assertEquals("127.0.0.1", argument(event, "address"), way);
                    assertEquals("tcp", argument(event, "protocol"), way);
                }
            }
            for (String way : List.of("send", "send.nio")) {
                try (DatagramSocket server = new DatagramSocket(0, here)) {
                    String port = "" + server.getLocalPort();
                    assertEquals("udp", argument(see(victim, agent, "network.send", port, way + " " + port), "protocol"));
                }
            }
            see(victim, agent, "network.bind", "127.0.0.1", "bind");
            see(victim, agent, "network.bind", "127.0.0.1", "bind.nio");
            see(victim, agent, "dns.resolve", "localhost", "resolve localhost");
            HttpServer server = HttpServer.create(new InetSocketAddress(here, 0), 1);
            server.createContext("/", exchange -> {
                exchange.sendResponseHeaders(204, -1);
                exchange.close();
            });
            server.start();
            try {
                String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/a?b=c";
                assertEquals("GET", argument(see(victim, agent, "http.request", url, "http " + url), "method"));
                if (jdk.version() >= 11) {
                    String other = url + "d";
                    assertEquals("GET", argument(see(victim, agent, "http.request", other, "request " + other), "method"));
                }
            } finally {
                server.stop(0);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void processes(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            Event event = see(victim, agent, "process.start", "one", "exec true one");
            assertEquals("true one", argument(event, "command"));
            Set<Long> starts = agent.seen.stream()
                    .filter(one -> one.getEvent().getHook().equals("process.start"))
                    .map(one -> one.getEvent().getId())
                    .collect(Collectors.toSet());
            see(victim, agent, "process.start", "two", "exec true two");
            assertEquals(1, starts.size(), "the constructor below is the same act");
        }
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void databases(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            see(victim, agent, "sql.execute", "create table t (id int)", "sql create table t (id int)");
            see(victim, agent, "sql.execute", "select * from t where id = 1", "sql select * from t where id = 1");
            see(victim, agent, "sql.execute", "select id from t", "sql.prepare select id from t");
            // Another number is the same statement.
            victim.ask("sql select * from t where id = 2");
            see(victim, agent, "sql.execute", "select id from t where id = 3", "sql.prepare select id from t where id = 3");
            assertFalse(
                    agent.seen.stream().anyMatch(one -> argument(one.getEvent(), "sql").endsWith("= 2")), "a repeat");
        }
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void interpretersLeaveBreadcrumbs(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            Path plain = Files.writeString(directory.resolve("plain"), "x");
            assertEquals(0, see(victim, agent, "file.open", plain.toString(), "read " + plain).getBreadcrumbsCount());
            Path gadget = Files.writeString(directory.resolve("gadget"), "x");
            Event event = see(victim, agent, "file.open", gadget.toString(), "deserialize " + gadget);
            assertEquals("shop.Controller$Gadget", event.getBreadcrumbs(event.getBreadcrumbsCount() - 1).getValue());
            Path script = Files.writeString(directory.resolve("script"), "x");
            event = see(victim, agent, "file.open", script.toString(), "script " + script);
            assertEquals(1, event.getBreadcrumbsCount(), "the stream that was read is over: " + event.getBreadcrumbsList());
            assertEquals(script.toString(), event.getBreadcrumbs(0).getValue());
            Path spel = Files.writeString(directory.resolve("spel"), "x");
            String text = "new java.io.FileInputStream('" + spel + "').read()";
            event = see(victim, agent, "file.open", spel.toString(), "spel " + text);
            assertEquals(text, event.getBreadcrumbs(0).getValue());
            assertEquals("expression", event.getBreadcrumbs(0).getHook());
            victim.ask("jndi ldap://nowhere.invalid/x");
            agent.event("jndi.lookup", "ldap://nowhere.invalid/x");
        }
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void libraries(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            victim.ask("load /nowhere/lib.so");
            agent.event("library.load", "/nowhere/lib.so");
        }
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void selfTestSeesEveryHookThatItCanTry(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            agent.verify("nonce-1");
            Verified verified = agent.await(FromProbe::hasVerified).getVerified();
            assertEquals("nonce-1", verified.getNonce());
            Set<String> untried = new TreeSet<>();
            for (Check check : verified.getChecksList()) {
                if (check.getResult() == CheckResult.CHECK_RESULT_NOT_TRIED) {
                    untried.add(check.getHook());
                } else {
                    assertEquals(CheckResult.CHECK_RESULT_SEEN, check.getResult(), check.toString());
                    assertTrue(
                            agent.seen.stream().anyMatch(one -> one.getEvent().getHook().equals(check.getHook())
                                    && one.getEvent().getVerifyNonce().equals("nonce-1")),
                            check.getHook() + " gave no event");
                }
            }
            assertEquals(jdk.version() < 24 ? Set.of("sql.execute") : Set.of("library.load", "sql.execute"), untried);
            for (Hook hook : agent.await(FromProbe::hasHookStatus).getHookStatus().getHooksList()) {
                HookState wanted = hook.getName().equals("sql.execute")
                        ? HookState.HOOK_STATE_WAITING
                        : HookState.HOOK_STATE_LIVE;
                assertEquals(wanted, hook.getState(), hook.toString());
            }
        }
    }

    @Test
    void aHookThatIsOffSaysSoAndSeesNothing() throws Exception {
        try (Victim victim = new Victim(Jdk.all().get(0)); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            agent.configure(Configure.newBuilder().setHash("c1").addHooksOff("file.open"));
            agent.await(one -> one.hasHeartbeat() && one.getHeartbeat().getConfiguration().equals("c1"));
            Path off = Files.writeString(directory.resolve("off"), "x");
            victim.ask("read " + off);
            agent.configure(Configure.newBuilder().setHash("c2"));
            agent.await(one -> one.hasHeartbeat() && one.getHeartbeat().getConfiguration().equals("c2"));
            Path on = Files.writeString(directory.resolve("on"), "x");
            see(victim, agent, "file.open", on.toString(), "read " + on);
            assertFalse(agent.seen.stream().anyMatch(one -> argument(one.getEvent(), "path").equals(off.toString())));
            assertTrue(agent.seen.stream().anyMatch(one -> one.getHookStatus().getHooksList().stream()
                    .anyMatch(hook -> hook.getState() == HookState.HOOK_STATE_OFF)));
            agent.configure(Configure.newBuilder().setHash("c3").addHooksOff("no.such"));
            assertTrue(agent.await(FromProbe::hasFailure).getFailure().getReason().contains("no.such"));
        }
    }
}
