package baize.probe.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Version 1 of the hash, held by vectors: what they say may change only with the version. */
class StackHashTest {
    record Vector(String name, String hook, List<StackHash.Frame> frames, boolean truncated, List<String> lines, String hash, String business) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Vector> vectors() throws IOException {
        List<Vector> vectors = new ArrayList<>();
        List<String> block = new ArrayList<>();
        List<String> all = new ArrayList<>(Files.readAllLines(Path.of("src/test/resources/stack-hash-1.txt")));
        all.add("");
        for (String line : all) {
            if (!line.isEmpty()) {
                if (!line.startsWith("#")) {
                    block.add(line);
                }
            } else if (!block.isEmpty()) {
                vectors.add(vector(block));
                block = new ArrayList<>();
            }
        }
        return vectors;
    }

    private static Vector vector(List<String> block) {
        int equals = block.indexOf("=");
        int end = block.size();
        List<StackHash.Frame> frames = new ArrayList<>();
        for (String line : block.subList(2, equals)) {
            if (!line.equals("truncated")) {
                frames.add(frame(line.split(" ")));
            }
        }
        return new Vector(
                block.get(0).substring("stack ".length()),
                block.get(1).substring("hook ".length()),
                frames,
                block.contains("truncated"),
                block.subList(equals + 1, end - 2),
                block.get(end - 2).substring("hash".length()).trim(),
                block.get(end - 1).substring("business".length()).trim());
    }

    private static StackHash.Frame frame(String[] words) {
        Set<String> marks = Set.of(words);
        boolean sourceless = marks.contains("nosrc");
        return new StackHash.Frame(
                words[0], words[1], Names.isRuntime(words[0]), marks.contains("business"), sourceless);
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void vectorsHold(Vector vector) {
        StackHash got = new StackHash(vector.hook, vector.frames, vector.truncated);
        assertEquals(String.join("\n", vector.lines), String.join("\n", got.lines));
        assertEquals(vector.hash, got.hash);
        assertEquals(vector.business, got.businessHash);
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void aHashCarriesItsVersion(Vector vector) {
        assertTrue(vector.hash.matches("1:[0-9a-f]{32}"), vector.hash);
    }
}
