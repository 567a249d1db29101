package baize.probe;

import com.sun.tools.attach.AgentInitializationException;
import com.sun.tools.attach.VirtualMachine;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassWriter;

/** An application in a JVM of its own, with no preparation for a probe. */
final class Victim implements AutoCloseable {
    static final Path JAR = Path.of("target/baize-probe.jar").toAbsolutePath();
    private static final Path CLASSES = compile();

    private final Process process;
    private final Writer in;
    private final BufferedReader out;
    private final Path errors;

    Victim(Jdk jdk, String... options) throws IOException {
        errors = Files.createTempFile("victim", ".err");
        List<String> command = new ArrayList<>(List.of(jdk.home().resolve("bin/java").toString()));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", classPath(), "shop.Shop"));
        process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
        in = process.outputWriter(StandardCharsets.UTF_8);
        out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String first = out.readLine();
        if (!"ready".equals(first)) {
            throw new IOException("the victim said " + first + ": " + Files.readString(errors));
        }
    }

    /** The victim's own classes, with the libraries that the tests have and it does not need to be compiled. */
    private static String classPath() {
        StringBuilder path = new StringBuilder(CLASSES.toString());
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (entry.contains("/h2/") || entry.contains("/springframework/")) {
                path.append(File.pathSeparator).append(entry);
            }
        }
        return path.toString();
    }

    private static Path compile() {
        try {
            Path out = Files.createDirectories(Path.of("target/victim").toAbsolutePath());
            compile(out, "8", "src/test/victim");
            compile(out, "11", "src/test/victim11");
            Path intruder = out.resolve("shop/Intruder.class");
            Files.move(intruder, Path.of(intruder + ".bytes"), StandardCopyOption.REPLACE_EXISTING);
            return out;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void compile(Path out, String release, String from) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("--release", release, "-nowarn", "-Xlint:-options", "-d", out.toString()));
        try (Stream<Path> sources = Files.walk(Path.of(from))) {
            sources.filter(source -> source.toString().endsWith(".java")).map(Path::toString).forEach(arguments::add);
        }
        int status = ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new));
        if (status != 0) {
            throw new IOException(from + " does not compile");
        }
    }

    /** Asks and waits for the answer. */
    String ask(String line) throws IOException {
        in.write(line + "\n");
        in.flush();
        String answer = out.readLine();
        if (answer == null) {
            throw new IOException("the victim is gone: " + Files.readString(errors));
        }
        return answer;
    }

    /** A class of it as another agent sees it now, with those constants alone that its code uses. */
    String code(String className) throws Exception {
        Path jar = Path.of("target/witness.jar").toAbsolutePath();
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().putValue("Manifest-Version", "1.0");
        manifest.getMainAttributes().putValue("Agent-Class", "shop.Witness");
        manifest.getMainAttributes().putValue("Can-Retransform-Classes", "true");
        try (JarOutputStream empty = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
            empty.finish();
        }
        Path bytes = Files.createTempFile("witness", ".b64");
        try {
            load(jar, className + "=" + bytes);
            ClassWriter writer = new ClassWriter(0);
            new ClassReader(Base64.getDecoder().decode(Files.readString(bytes))).accept(writer, 0);
            return new String(writer.toByteArray(), StandardCharsets.ISO_8859_1);
        } finally {
            Files.delete(bytes);
        }
    }

    void attach(String arguments) throws Exception {
        load(JAR, arguments);
    }

    private void load(Path jar, String arguments) throws Exception {
        VirtualMachine machine = VirtualMachine.attach(Long.toString(pid()));
        try {
            machine.loadAgent(jar.toString(), arguments);
        } catch (AgentInitializationException e) {
            throw new IOException(errors(), e);
        } finally {
            machine.detach();
        }
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    String errors() throws IOException {
        return Files.readString(errors);
    }

    /** What its open descriptors lead to. */
    List<String> descriptors() throws IOException {
        List<String> targets = new ArrayList<>();
        try (Stream<Path> entries = Files.list(Path.of("/proc/" + pid() + "/fd"))) {
            for (Path entry : entries.toList()) {
                targets.add(Files.readSymbolicLink(entry).toString());
            }
        }
        return targets;
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Files.deleteIfExists(errors);
    }
}
