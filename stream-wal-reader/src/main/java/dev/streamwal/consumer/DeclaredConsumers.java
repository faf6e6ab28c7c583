package dev.streamwal.consumer;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Consumers for which a log's writer keeps what they haven't committed, though they have no cursor: they never came, or were removed. Each has a file
 * in the folder of cursors, so that other processes can tell for which consumer segments are kept.
 *
 * <p>The files are for people and tools; the writer itself uses only its options. The writer makes a file when it opens the log, for a consumer that
 * has neither a cursor nor such a file. The file stays when the consumer comes: if the consumer is removed later, segments are kept for it as before.
 * It also stays when a writer doesn't declare the consumer any more: that writer may be another program, such as the command line, which doesn't know
 * the options of the first. A user removes the file.
 */
public final class DeclaredConsumers {

    private DeclaredConsumers() {}

    /** Makes the files of those consumers that have neither such a file nor a cursor. */
    public static void declare(Path root, Collection<String> consumers) throws IOException {
        for (String consumer : consumers) {
            StreamKey name = CursorFiles.name(consumer);
            Path file = CursorFiles.declared(root, name);
            if (!Files.exists(CursorFiles.cursor(root, name)) && !Files.exists(file)) {
                CursorFiles.createDirectory(root);
                Path unused = LogFile.writeNew(file, open -> {
                    open.write(0, ByteBuffer.wrap(name.utf8()));
                    return file;
                });
            }
        }
    }

    /**
     * The declared consumers that have no cursor.
     *
     * @return in their natural order, the caller's own
     */
    public static NavigableSet<String> absent(Path root) throws IOException {
        NavigableSet<String> names = new TreeSet<>();
        for (Path file : CursorFiles.listDeclared(root)) {
            Optional<StreamKey> name = name(file);
            if (name.isPresent() && !Files.exists(CursorFiles.cursor(root, name.get()))) {
                names.add(name.get().text());
            }
        }
        return names;
    }

    /** The consumer's name, by the file's name or, for a long one, by the file's content; empty if a crash has left neither. */
    private static Optional<StreamKey> name(Path file) throws IOException {
        Optional<StreamKey> inFileName = CursorFiles.name(file);
        if (inFileName.isPresent()) {
            return inFileName;
        }
        try {
            StreamKey read = StreamKey.ofUtf8(LogFile.readSmall(file, StreamKey.MAX_BYTES).orElse(new byte[0]));
            return Optional.of(read).filter(name -> name.directoryName().equals(CursorFiles.encodedName(file)));
        } catch (FormatException e) {
            return Optional.empty();
        }
    }

    /**
     * Forgets that a consumer was declared.
     *
     * @return whether it was
     */
    public static boolean forget(Path root, StreamKey name) throws IOException {
        return Files.deleteIfExists(CursorFiles.declared(root, name));
    }
}
