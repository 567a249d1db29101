package baize.probe.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import baize.probe.v1.Probe.Budgets.Builder;
import baize.probe.v1.Probe.Configure;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The parts that need no other JVM. */
class PartsTest {
    private static final String TOKEN = "token=0123456789abcdef0123456789abcdef";

    @Test
    void argumentsAreRead() {
        Arguments arguments = Arguments.parse("jar=/p.jar,socket=/tmp/s,fifo=/tmp/f," + TOKEN + ",grace=5");
        assertEquals("/p.jar", arguments.jar);
        assertEquals("/tmp/s", arguments.socket);
        assertEquals("/tmp/f", arguments.fifo);
        assertEquals(5, arguments.graceSeconds);
        assertEquals(60, Arguments.parse("jar=/p.jar,socket=/s," + TOKEN).graceSeconds);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "jar", "jar=/p,socket=/s", "jar=/p," + TOKEN, "socket=/s," + TOKEN, "jar=p,socket=/s," + TOKEN,
        "jar=/p,socket=/s,token=0123", "jar=/p,socket=/s,socket=/s," + TOKEN, "jar=/p,socket=/s,grace=3601," + TOKEN,
        "jar=/p,socket=/s,grace=-1," + TOKEN, "jar=/p,socket=/s,color=red," + TOKEN,
        "jar=/p,socket=/01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456,"
                + TOKEN,
    })
    void badArgumentsAreRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> Arguments.parse(text));
    }

    @Test
    void configurationsAreReadAsTheLibraryWritesThem() throws Exception {
        Catalog catalog = new Catalog();
        Builder budgets = baize.probe.v1.Probe.Budgets.newBuilder().setHookMeanNs(1L << 40).setEventsPerSecond(7).setHeartbeatMs(1);
        byte[] bytes = Configure.newBuilder()
                .setHash("h")
                .addHooksOff("file.list")
                .setBudgets(budgets)
                .addBusiness("org.apache.ours.")
                .build()
                .toByteArray();
        Configuration got = Configuration.read(new Reader(bytes), catalog);
        assertEquals("h", got.hash);
        assertTrue(got.hooksOff.contains("file.list"));
        assertEquals(1L << 40, got.budgets.hookMeanNs);
        assertEquals(7, got.budgets.eventsPerSecond);
        assertEquals(100, got.budgets.heartbeatMs, "the least");
        assertEquals(10_000, got.budgets.countersMs, "the default");
        assertTrue(got.business.has("org.apache.ours.A") && !got.business.has("org.apache.other.A"));
    }

    /** Every way to break a message gives an error or another configuration, and nothing else. */
    @Test
    void brokenConfigurationsAreErrors() throws Exception {
        byte[] good = Configure.newBuilder()
                .setHash("hash")
                .addHooksOff("file.list")
                .setBudgets(baize.probe.v1.Probe.Budgets.newBuilder().setHookMeanNs(300))
                .build()
                .toByteArray();
        Catalog catalog = new Catalog();
        Random random = new Random(1);
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] bad = Arrays.copyOf(good, random.nextInt(good.length + 1));
            if (bad.length > 0) {
                bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
            }
            try {
                Configuration.read(new Reader(bad), catalog);
            } catch (Reader.Malformed e) {
                refused++;
            }
        }
        assertTrue(refused > 1000, "refused " + refused);
    }

    @Test
    void numbersAreWrittenAsTheLibraryReadsThem() throws Exception {
        for (long value : new long[] {1, 127, 128, 1L << 31, Long.MAX_VALUE, -1, -2}) {
            byte[] bytes = new Wire().number(4, value).bytes();
            assertEquals(value, baize.probe.v1.Probe.Event.parseFrom(bytes).getMonotonicNs());
            Reader reader = new Reader(bytes);
            assertEquals(4, reader.next());
            assertEquals(value, reader.number());
            assertEquals(0, reader.next());
        }
    }

    @Test
    void longTextIsCutBetweenCharacters() {
        assertEquals("abc", Wire.cut("abc", 3));
        assertEquals("ab\u2026", Wire.cut("abcd", 3));
        assertEquals("a\u2026", Wire.cut("a\ud83d\ude00bc", 3), "no half of a pair");
    }

    @Test
    void statementsLoseTheirLiterals() {
        assertEquals(
                "select * from t1 where a = ? and b in (?, ?) -- x",
                Sql.skeleton("select *\n from  t1 where a = 'it''s' and b in (1, 0x1F) -- x"));
        assertEquals("select ?", Sql.skeleton("select 'open"));
        assertNotEquals(Sql.skeleton("select a where b = 1"), Sql.skeleton("select a where b = 1 union select c"));
    }

    @Test
    void theTableIsBoundedAndForgets() {
        Seen seen = new Seen();
        Point point = new Catalog().points.get(0);
        Seen.Entry first = seen.entry(point, "0");
        assertSame(first, seen.entry(point, "0"));
        int refused = 0;
        for (int i = 0; i < 3 * Seen.CAPACITY; i++) {
            if (seen.entry(point, "" + i) == null) {
                refused++;
            }
        }
        assertTrue(seen.size() <= Seen.CAPACITY, "size " + seen.size());
        assertTrue(refused >= 2 * Seen.CAPACITY, "refused " + refused);
        AtomicInteger visited = new AtomicInteger();
        seen.each(entry -> {
            visited.incrementAndGet();
            return true;
        });
        assertTrue(visited.get() > Seen.CAPACITY / 2, "visited " + visited);
        assertEquals(0, seen.size());
        assertNotNull(seen.entry(point, "new"));
    }

    @Test
    void stacksOfOneEntryAreLimitedEachSecond() {
        Seen.Entry entry = new Seen().entry(new Catalog().points.get(0), "key");
        assertTrue(entry.may(1, 2) && entry.may(1, 2));
        assertFalse(entry.may(1, 2));
        assertTrue(entry.may(2, 2));
    }

    private static Budgets budgets(long mean, long once) throws Reader.Malformed {
        return Budgets.read(new Reader(new Wire().number(1, mean).number(2, once).bytes()));
    }

    @Test
    void aHookClosesForItsMeanAndNotForOneSlowCall() throws Exception {
        Budgets budgets = budgets(1000, 1_000_000);
        Hook hook = new Hook("h", false);
        for (int i = 0; i < 100; i++) {
            hook.spent(100, i, budgets);
        }
        hook.spent(50_000_000, 101, budgets);
        assertFalse(hook.closed, hook.overBudget());
        for (int i = 0; i < 200; i++) {
            hook.spent(1500, i, budgets);
        }
        assertTrue(hook.closed);
        hook.configure(false);
        assertFalse(hook.closed);
        assertEquals("", hook.overBudget());
    }

    @Test
    void aHookClosesForThreeSlowCallsWithinAMinute() throws Exception {
        Budgets budgets = budgets(1_000_000_000, 20_000_000);
        long minute = 60_000_000_000L;
        Hook hook = new Hook("h", false);
        for (int i = 0; i < 100; i++) {
            hook.spent(100, i, budgets);
        }
        hook.spent(21_000_000, minute, budgets);
        hook.spent(21_000_000, 3 * minute, budgets);
        hook.spent(21_000_000, 5 * minute, budgets);
        assertFalse(hook.closed, "one in each of three minutes");
        hook.spent(21_000_000, 5 * minute + 1, budgets);
        hook.spent(21_000_000, 5 * minute + 2, budgets);
        assertTrue(hook.closed);
    }

    @Test
    void theBreakerOpensForCpuHeapAndQueueAndClosesAgain() {
        long second = 1_000_000_000;
        Breaker cpu = new Breaker();
        for (int i = 0; i < 20; i++) {
            assertEquals("", cpu.look(i * second / 100, 50, false, Budgets.DEFAULT), "10 permille");
        }
        String reason = "";
        for (int i = 0; i < 10; i++) {
            reason = cpu.look(20 * second / 100 + i * second / 10, 50, false, Budgets.DEFAULT);
        }
        assertTrue(reason.contains("thousandths of a core"), reason);
        long spent = 20 * second / 100 + 9 * second / 10;
        for (int i = 0; i < 75; i++) {
            reason = cpu.look(spent, 50, false, Budgets.DEFAULT);
        }
        assertEquals("", reason);
        Breaker heap = new Breaker();
        for (int i = 0; i < 9; i++) {
            assertEquals("", heap.look(0, 99, false, Budgets.DEFAULT));
        }
        assertEquals("", heap.look(0, 90, false, Budgets.DEFAULT), "it was collected in time");
        for (int i = 0; i < 10; i++) {
            reason = heap.look(0, 99, false, Budgets.DEFAULT);
        }
        assertTrue(reason.contains("heap"), reason);
        Breaker queue = new Breaker();
        for (int i = 0; i < 10; i++) {
            reason = queue.look(0, 1, true, Budgets.DEFAULT);
        }
        assertTrue(reason.contains("queue"), reason);
    }

    @Test
    void businessIsNoFramework() {
        assertTrue(Business.DEFAULT.has("com.shop.A") && Business.DEFAULT.has("org.apache.jsp.index_jsp"));
        assertFalse(Business.DEFAULT.has("org.apache.catalina.core.StandardWrapperValve"));
        Business narrow = new Business(List.of("org.apache.x."), List.of("org.apache.x.y.", "com."));
        assertTrue(narrow.has("org.apache.x.A"));
        assertFalse(narrow.has("org.apache.x.y.A") || narrow.has("com.shop.A"));
    }

    @Test
    void bytesThatAreNoClassHaveNoName() {
        assertNull(Injector.nameOf(new byte[0]));
        assertNull(Injector.nameOf("no class file at all, but long enough".getBytes()));
    }

    /** A Java that is newer than the library is read as the newest that it knows. */
    @Test
    void classesOfANewerJavaAreInstrumentedToo() throws Exception {
        byte[] code;
        try (InputStream in = Object.class.getResourceAsStream("/java/io/FileInputStream.class")) {
            code = in.readAllBytes();
        }
        code[7] = 99;
        Injector.Result result = Injector.inject(code, new Catalog().pointsOf("java.io.FileInputStream"));
        assertEquals(1, result.points.size());
        assertArrayEquals(new byte[] {0, 0, 0, 99}, Arrays.copyOfRange(result.code, 4, 8));
    }
}
