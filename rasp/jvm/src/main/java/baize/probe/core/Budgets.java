package baize.probe.core;

/** What the probe may cost, as probe.proto's Budgets; immutable. */
final class Budgets {
    static final Budgets DEFAULT = new Budgets(new long[10]);

    final long hookMeanNs;
    final long hookOnceNs;
    final int stacksPerSecond;
    final int stacksPerSecondOne;
    final int eventsPerSecond;
    final int cpuPermille;
    final int heapPercent;
    final long heartbeatMs;
    final long countersMs;

    /** @param fields the values by field number of the message; 0 takes the default */
    private Budgets(long[] fields) {
        hookMeanNs = or(fields[1], 50_000);
        hookOnceNs = or(fields[2], 20_000_000);
        stacksPerSecond = (int) or(fields[3], 1_000);
        stacksPerSecondOne = (int) or(fields[4], 50);
        eventsPerSecond = (int) or(fields[5], 200);
        cpuPermille = (int) or(fields[6], 20);
        heapPercent = (int) or(fields[7], 95);
        heartbeatMs = Math.max(100, or(fields[8], 15_000));
        countersMs = Math.max(100, or(fields[9], 10_000));
    }

    private static long or(long value, long otherwise) {
        return value == 0 ? otherwise : value;
    }

    static Budgets read(Reader message) throws Reader.Malformed {
        long[] fields = new long[10];
        for (int field = message.next(); field != 0; field = message.next()) {
            if (field >= fields.length) {
                message.skip();
                continue;
            }
            long value = message.number();
            if (value < 0 || field > 2 && value > Integer.MAX_VALUE) {
                throw new Reader.Malformed("budget " + field + " is out of range");
            }
            fields[field] = value;
        }
        return new Budgets(fields);
    }
}
