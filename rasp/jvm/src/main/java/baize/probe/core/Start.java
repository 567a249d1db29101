package baize.probe.core;

import java.lang.instrument.Instrumentation;

/** The first class of the probe: those that it leads to cannot be loaded before {@link BaizeSpy} is defined. */
public final class Start {
    private Start() {}

    /** Called by baize.probe.Agent, by reflection. */
    public static void start(String text, Instrumentation instrumentation) throws Exception {
        Arguments arguments = Arguments.parse(text);
        Spy.define(instrumentation);
        Probe.start(arguments, instrumentation);
    }
}
