package dev.streamwal.examples.kafka;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How far a reader has come, offsets and positions of the same moment: a file has both or neither.
 *
 * @param offsets where to go on, by partition
 * @param positions the greatest that was processed, by key
 */
public record ReadingProgress(Map<Integer, Long> offsets, Map<String, Long> positions) {

    /** Of a reader that begins. */
    public static final ReadingProgress NONE = new ReadingProgress(Map.of(), Map.of());

    /** {@return what {@link #store} has left in the file; none where there is no file} */
    public static ReadingProgress load(Path file) throws IOException {
        if (Files.notExists(file)) {
            return NONE;
        }
        Map<Integer, Long> offsets = new LinkedHashMap<>();
        Map<String, Long> positions = new LinkedHashMap<>();
        try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
            for (int left = in.readInt(); left > 0; left--) {
                offsets.put(in.readInt(), in.readLong());
            }
            for (int left = in.readInt(); left > 0; left--) {
                positions.put(in.readUTF(), in.readLong());
            }
        }
        return new ReadingProgress(offsets, positions);
    }

    /** Replaces the file as a whole. */
    public void store(Path file) throws IOException {
        Path made = file.resolveSibling(file.getFileName() + ".new");
        Files.write(made, bytes(), StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE, StandardOpenOption.SYNC);
        Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private byte[] bytes() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(offsets.size());
            for (Map.Entry<Integer, Long> each : offsets.entrySet()) {
                out.writeInt(each.getKey());
                out.writeLong(each.getValue());
            }
            out.writeInt(positions.size());
            for (Map.Entry<String, Long> each : positions.entrySet()) {
                out.writeUTF(each.getKey());
                out.writeLong(each.getValue());
            }
        }
        return bytes.toByteArray();
    }
}
