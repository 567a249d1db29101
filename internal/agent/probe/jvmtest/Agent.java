import java.lang.instrument.Instrumentation;

/** An agent that does as it is told: prints its argument, or fails. */
public final class Agent {
  private Agent() {}

  public static void agentmain(String argument, Instrumentation instrumentation) {
    System.out.println("agent " + argument);
    if (argument.startsWith("fail")) {
      throw new IllegalStateException(argument);
    }
  }
}
