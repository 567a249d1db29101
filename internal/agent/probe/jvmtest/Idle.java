import java.io.IOException;

/** A program that does nothing until its input ends. */
public final class Idle {
  private Idle() {}

  public static void main(String[] args) throws IOException {
    System.out.println("up");
    while (System.in.read() >= 0) {
      // on
    }
  }
}
