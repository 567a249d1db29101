import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;

/**
 * The victim: a small web service that looks up a host name and builds the shell command from the
 * request, which is the hole. It prints the process id of every shell it starts, as a label. A
 * second hole is that the name of a report may lead out of their directory.
 *
 * <p>LookupService ADDRESS PORT
 */
public final class LookupService {
  private LookupService() {}

  public static void main(String[] args) throws IOException {
    var address = new InetSocketAddress(args[0], Integer.parseInt(args[1]));
    var server = HttpServer.create(address, 64);
    server.createContext("/lookup", LookupService::lookup);
    server.createContext("/report", LookupService::report);
    server.createContext("/health", exchange -> reply(exchange, 200, "ok\n".getBytes(StandardCharsets.UTF_8)));
    server.setExecutor(Executors.newCachedThreadPool());
    server.start();
    System.out.println("listening");
  }

  private static void lookup(HttpExchange exchange) throws IOException {
    var query = exchange.getRequestURI().getRawQuery();
    if (query == null || !query.startsWith("host=")) {
      reply(exchange, 400, "want ?host=NAME\n".getBytes(StandardCharsets.UTF_8));
      return;
    }
    var host = URLDecoder.decode(query.substring("host=".length()), StandardCharsets.UTF_8);
    var shell = new ProcessBuilder("/bin/sh", "-c", "getent hosts " + host).redirectErrorStream(true).start();
    System.out.println("shell " + shell.pid());
    shell.getOutputStream().close();
    try (InputStream output = shell.getInputStream()) {
      reply(exchange, 200, output.readAllBytes());
    }
  }

  private static void report(HttpExchange exchange) throws IOException {
    var query = exchange.getRequestURI().getRawQuery();
    if (query == null || !query.startsWith("name=")) {
      reply(exchange, 400, "want ?name=REPORT\n".getBytes(StandardCharsets.UTF_8));
      return;
    }
    var name = URLDecoder.decode(query.substring("name=".length()), StandardCharsets.UTF_8);
    byte[] body;
    try {
      body = Files.readAllBytes(Path.of("/var/www/reports", name).normalize());
    } catch (IOException refused) {
      body = (refused.getMessage() + "\n").getBytes(StandardCharsets.UTF_8);
    }
    reply(exchange, 200, body);
  }

  private static void reply(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    try (var out = exchange.getResponseBody()) {
      out.write(body);
    }
  }
}
