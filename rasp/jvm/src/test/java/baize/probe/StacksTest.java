package baize.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import baize.probe.v1.Probe.Configure;
import baize.probe.v1.Probe.Event;
import baize.probe.v1.Probe.Origin;
import baize.probe.v1.Probe.OriginKind;
import baize.probe.v1.Probe.ResourceState;
import baize.probe.v1.Probe.Stack;
import baize.probe.v1.Probe.StackFrame;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Stacks of a real application: their hashes, their business frames, and where their classes come from. */
class StacksTest {
    /** Ways to a file, each with calls that differ between Java versions, restarts, or before and after a while. */
    private static final List<String> WAYS = List.of(
            "read", "read.nio", "read.random", "read.channel", "read.reflect", "read.lambda", "read.proxy", "read.memory", "deserialize", "script");

    @TempDir
    Path directory;

    static List<Jdk> jdks() throws IOException {
        return Jdk.all();
    }

    private Stack stack(Victim victim, TestAgent agent, String line, String name) throws Exception {
        Path file = directory.resolve(name);
        if (!Files.exists(file)) {
            Files.writeString(file, "x");
        }
        String answer = victim.ask(line.replace("FILE", file.toString()));
        assertTrue(answer.startsWith("ok"), line + ": " + answer);
        return agent.event("file.open", file.toString()).getStack();
    }

    /** Hash and business hash of each way. */
    private Map<String, String> hashes(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            Map<String, String> hashes = new LinkedHashMap<>();
            for (String way : WAYS) {
                Stack stack = stack(victim, agent, way + " FILE", jdk.version() + way + hashes.hashCode());
                assertTrue(stack.getHash().matches("1:[0-9a-f]{32}"), stack.getHash());
                hashes.put(way, stack.getHash() + " " + stack.getBusinessHash());
            }
            return hashes;
        }
    }

    @Test
    void theSameWayHasTheSameHashOnEveryJavaAndAfterARestart() throws Exception {
        Map<String, String> first = hashes(Jdk.all().get(0));
        assertEquals(WAYS.size(), first.values().stream().distinct().count(), "different ways differ: " + first);
        for (Jdk jdk : Jdk.all()) {
            assertEquals(first, hashes(jdk), jdk.toString());
        }
    }

    /** Java 8 to 17 call by native code at first and by a generated class after some calls. */
    @ParameterizedTest
    @MethodSource("jdks")
    void theHashOutlivesInflationOfReflection(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            agent.withoutLimits("inflation");
            String before = stack(victim, agent, "read.reflect FILE", "before").getHash();
            Path other = Files.writeString(directory.resolve("many"), "x");
            assertTrue(victim.ask("many 100000 read.reflect " + other).startsWith("ok"));
            Stack after = stack(victim, agent, "read.reflect FILE", "after");
            assertEquals(before, after.getHash());
        }
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void theTopBusinessFrameIsWhereTheHoleIs(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            Path file = Files.writeString(directory.resolve("twice"), "x");
            victim.ask("read.twice " + file);
            StackFrame one = top(agent.event("file.open", file.toString()).getStack());
            StackFrame other = top(agent.event("file.open", file.toString()).getStack());
            assertEquals("read", one.getMethod());
            assertEquals("(Ljava/lang/String;)Ljava/lang/String;", one.getMethodDescriptor());
            assertEquals("(Ljava/lang/String;I)Ljava/lang/String;", other.getMethodDescriptor(), "the overload");
            assertEquals("Controller.java", one.getFile());
            List<String> source = Files.readAllLines(Path.of("src/test/victim/shop/Controller.java"));
            assertTrue(source.get(one.getLine() - 1).contains("new FileInputStream(path)"), one.toString());
            assertTrue(source.get(other.getLine() - 1).contains("new FileInputStream(path)"), other.toString());
        }
    }

    private static StackFrame top(Stack stack) {
        return stack.getFrames(stack.getTopBusiness());
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void deepStacksAreCutAndStillHaveAHash(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            Stack deep = stack(victim, agent, "read.loop FILE 500", "deep");
            Stack deeper = stack(victim, agent, "read.loop FILE 600", "deeper");
            assertEquals(256, deep.getFramesCount());
            assertEquals(deeper.getDropped(), deep.getDropped() + 100);
            assertEquals(deep.getHash(), deeper.getHash(), "recursion is collapsed");
            Stack shallow = stack(victim, agent, "read.loop FILE 3", "shallow");
            assertEquals(shallow.getHash(), stack(victim, agent, "read.loop FILE 7", "less").getHash());
            assertNotEquals(shallow.getHash(), deep.getHash(), "what was cut is not known to be the same");
        }
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void originsTellAMemoryShellFromCodeWithAFile(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            Stack stack = stack(victim, agent, "read.memory FILE", "memory");
            Origin shell = origin(stack, "shop.Intruder");
            assertEquals(OriginKind.ORIGIN_KIND_NONE, shell.getKind());
            assertEquals(ResourceState.RESOURCE_STATE_ABSENT, shell.getResource());
            assertTrue(shell.getEvidenceList().toString().contains("defined from memory"), shell.toString());
            assertEquals("shop.Controller", top(stack).getClass_(), "the shell is not the application's code");
            Origin business = origin(stack, "shop.Controller");
            assertEquals(OriginKind.ORIGIN_KIND_DIRECTORY, business.getKind());
            assertTrue(business.getSource().endsWith("/target/victim/"), business.toString());
            assertEquals(ResourceState.RESOURCE_STATE_PRESENT, business.getResource());
            assertEquals(OriginKind.ORIGIN_KIND_RUNTIME, origin(stack, "java.io.FileInputStream").getKind());
            assertEquals("boot", origin(stack, "java.io.FileInputStream").getLoader());
            Path spel = Files.writeString(directory.resolve("spel"), "x");
            victim.ask("spel new java.io.FileInputStream('" + spel + "').read()");
            Origin jar = origin(
                    agent.event("file.open", spel.toString()).getStack(),
                    "org.springframework.expression.spel.standard.SpelExpression");
            assertEquals(OriginKind.ORIGIN_KIND_JAR, jar.getKind());
            assertTrue(jar.getSource().matches("file:.*spring-expression-[0-9.]*jar"), jar.toString());
        }
    }

    private static Origin origin(Stack stack, String className) {
        StackFrame frame = stack.getFramesList().stream()
                .filter(one -> one.getClass_().equals(className))
                .findFirst()
                .orElseThrow(() -> new AssertionError(className + " is not in " + stack));
        return stack.getOrigins(frame.getOrigin());
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void classesFromMemoryAreEventsOfTheirOwn(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            Path file = Files.writeString(directory.resolve("memory"), "x");
            victim.ask("read.memory " + file);
            Event event = agent.event("class.define", "shop.Intruder");
            assertEquals("shop.Controller$1", event.getArgumentsList().get(1).getValue(), "its loader");
            assertTrue(event.getStack().getFrames(0).getClass_().startsWith("java.lang.ClassLoader"), event.toString());
        }
    }

    @Test
    void theConfigurationSaysWhatIsBusiness() throws Exception {
        try (Victim victim = new Victim(Jdk.all().get(0)); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            Stack before = stack(victim, agent, "read FILE", "before");
            agent.configure(Configure.newBuilder().setHash("b").addNotBusiness("shop.").addBusiness("shop.Shop"));
            agent.await(one -> one.getHeartbeat().getConfiguration().equals("b"));
            Stack after = stack(victim, agent, "read FILE", "after");
            assertEquals("shop.Controller", top(before).getClass_());
            assertEquals("shop.Shop", top(after).getClass_());
            assertEquals(before.getHash(), after.getHash());
            assertNotEquals(before.getBusinessHash(), after.getBusinessHash());
        }
    }
}
