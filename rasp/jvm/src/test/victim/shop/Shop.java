package shop;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** An application that does what its standard input says, a line each, and answers a line each. */
public final class Shop {
    private Shop() {}

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("ready");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(answer(line.split(" ")));
        }
    }

    private static String answer(String[] words) {
        String[] rest = Arrays.copyOfRange(words, 1, words.length);
        try {
            switch (words[0]) {
                case "threads":
                    return Arrays.toString(Thread.getAllStackTraces().keySet().stream().map(Thread::getName).sorted().toArray());
                case "collect":
                    return collect();
                case "many":
                    return many(Integer.parseInt(rest[0]), Arrays.copyOfRange(rest, 1, rest.length));
                default:
                    return "ok " + new Controller().handle(words[0], rest);
            }
        } catch (Throwable e) {
            return "failed " + e;
        }
    }

    /** One request again and again, without reading a line for each. */
    private static String many(int times, String[] words) throws Exception {
        String[] rest = Arrays.copyOfRange(words, 1, words.length);
        long start = System.nanoTime();
        for (int i = 0; i < times; i++) {
            new Controller().handle(words[0], rest);
        }
        return "ok " + (System.nanoTime() - start) / times;
    }

    /** Bytes of metaspace in use after what can be collected was. */
    private static String collect() throws Exception {
        for (int i = 0; i < 5; i++) {
            System.gc();
            Thread.sleep(20);
        }
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            if (pool.getName().equals("Metaspace")) {
                return "ok " + pool.getUsage().getUsed();
            }
        }
        return "failed no pool";
    }
}
