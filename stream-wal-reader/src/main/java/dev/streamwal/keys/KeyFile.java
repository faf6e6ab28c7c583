package dev.streamwal.keys;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Master keys in a file: see {@link MasterKeys#file}. Thread-safe. The keys are in memory only while one is used; then the arrays that held them, and
 * the memory that the file was read through, are zeroed.
 */
final class KeyFile implements MasterKeys {

    private static final int MAX_BYTES = 1 << 20;
    private static final Set<PosixFilePermission> OF_OTHERS = EnumSet.complementOf(
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE));

    private final Path file;

    KeyFile(Path file) {
        this.file = Objects.requireNonNull(file, "file");
    }

    @Override
    public String currentId() {
        return with(KeyRing::currentId);
    }

    @Override
    public byte[] wrap(String id, byte[] key, byte[] context) {
        return with(ring -> ring.wrap(id, key, context));
    }

    @Override
    public byte[] unwrap(String id, byte[] wrapped, byte[] context) {
        return with(ring -> ring.unwrap(id, wrapped, context));
    }

    private <T> T with(Function<KeyRing, T> use) {
        KeyRing ring = read();
        try {
            return use.apply(ring);
        } finally {
            ring.zero();
        }
    }

    private KeyRing read() {
        byte[] bytes = {};
        try {
            checkPermissions();
            bytes = content();
            if (bytes.length > MAX_BYTES) {
                throw unusable("file of master keys is longer than " + MAX_BYTES + " bytes", "give the file that has the keys", null);
            }
            return parse(bytes);
        } catch (IOException e) {
            throw unusable("file of master keys can't be read: " + e, "make it readable for this user", e);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /** Reads through a buffer of its own, which is zeroed: the JDK would read through a buffer that it keeps for the thread. */
    private byte[] content() throws IOException {
        try (LogFile open = LogFile.reading(file)) {
            ByteBuffer direct = ByteBuffer.allocateDirect((int) Math.min(open.size(), MAX_BYTES + 1));
            try {
                byte[] bytes = new byte[open.read(direct, 0)];
                direct.get(0, bytes);
                return bytes;
            } finally {
                direct.put(0, new byte[direct.capacity()]);
            }
        }
    }

    private void checkPermissions() throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        if (view == null) {
            return;
        }
        Set<PosixFilePermission> permissions = view.readAttributes().permissions();
        if (permissions.stream().anyMatch(OF_OTHERS::contains)) {
            throw unusable("file of master keys may be read or written by others than its owner: permissions="
                    + PosixFilePermissions.toString(permissions), "take these permissions away, as with chmod 600", null);
        }
    }

    /** Makes no strings of the keys, because those couldn't be zeroed. */
    private KeyRing parse(byte[] bytes) {
        Map<String, byte[]> keys = new LinkedHashMap<>();
        String current = null;
        int line = 0;
        try {
            for (int from = 0; from < bytes.length; ) {
                int to = from;
                while (to < bytes.length && bytes[to] != '\n') {
                    to++;
                }
                line++;
                String id = parseLine(bytes, from, to > from && bytes[to - 1] == '\r' ? to - 1 : to, line, keys);
                current = id == null ? current : id;
                from = to + 1;
            }
            if (current == null) {
                throw unusable("file of master keys has no key", "add a line with an id, a space, and 64 hexadecimal digits", null);
            }
            return new KeyRing(current, keys, KeyMemory::brief);
        } finally {
            keys.values().forEach(key -> Arrays.fill(key, (byte) 0));
        }
    }

    private @Nullable String parseLine(byte[] bytes, int from, int to, int line, Map<String, byte[]> keys) {
        if (from == to || bytes[from] == '#') {
            return null;
        }
        int space = to - 2 * KeyWrap.KEY_BYTES - 1;
        if (space <= from || space - from > KeyRing.MAX_ID_BYTES || bytes[space] != ' ') {
            throw malformed(line);
        }
        byte[] key = new byte[KeyWrap.KEY_BYTES];
        for (int i = 0; i < key.length; i++) {
            int high = Character.digit(bytes[space + 1 + 2 * i], 16);
            int low = Character.digit(bytes[space + 2 + 2 * i], 16);
            if (high < 0 || low < 0) {
                Arrays.fill(key, (byte) 0);
                throw malformed(line);
            }
            key[i] = (byte) (high << 4 | low);
        }
        String id = new String(bytes, from, space - from, UTF_8);
        if (keys.put(id, key) != null) {
            throw unusable("file of master keys has an id twice: line=" + line + ", id=" + id, "give each key its own id", null);
        }
        return id;
    }

    private KeyUnavailableException malformed(int line) {
        return unusable("line of a file of master keys is not an id, a space, and 64 hexadecimal digits: line=" + line,
                "correct the line, or begin it with # if it is no key", null);
    }

    private KeyUnavailableException unusable(String problem, String remedy, @Nullable Throwable cause) {
        String separator = problem.contains(": ") ? ", " : ": ";
        return new KeyUnavailableException(problem + separator + "file=" + file + "; " + remedy, "", file, null, KeyUnavailableException.NO_POSITION, cause);
    }

    @Override
    public String toString() {
        return "MasterKeys[file=" + file + ']';
    }
}
