package dev.streamwal.cli;

import dev.streamwal.io.DirectoryForce;
import dev.streamwal.recovery.QuarantinedFile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file in the quarantine. The state of restoring it is a suffix of the name that recovery gave it, so that it changes atomically:
 * {@code .restoring-<position>}, with the stream's end, before the first record is appended; {@code .restored} when all are durable.
 *
 * @param givenName by recovery, or by a user
 * @param origin the parsed name; empty for a file that isn't recovery's
 * @param restoringFrom the stream's end before the first of its records was appended again, by a run that didn't finish
 */
record SetAsideFile(Path path, String givenName, Optional<QuarantinedFile> origin, OptionalLong restoringFrom, boolean restored) {

    /** By stream, and within a stream in the order of the records. */
    static final Comparator<SetAsideFile> IN_ORDER = Comparator
            .comparing((SetAsideFile file) -> file.origin.flatMap(QuarantinedFile::streamDirectory).orElse(""))
            .thenComparing(file -> file.origin.map(QuarantinedFile::file).orElse(""))
            .thenComparing(file -> file.origin.map(QuarantinedFile::offset).orElse(0L))
            .thenComparing(SetAsideFile::path);

    private static final Pattern STATE = Pattern.compile("(.+\\.aside)\\.(?:restoring-(\\d{1,18})|restored(?:_\\d{1,3})?)");
    private static final String RESTORING = ".restoring-";
    private static final String RESTORED = ".restored";
    private static final int MAX_NAMES = 100;

    static SetAsideFile of(Path path) {
        String name = path.getFileName().toString();
        Matcher state = STATE.matcher(name);
        if (state.matches() && QuarantinedFile.parse(state.group(1)).isPresent()) {
            OptionalLong from = state.group(2) == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(state.group(2)));
            return new SetAsideFile(path, state.group(1), QuarantinedFile.parse(state.group(1)), from, from.isEmpty());
        }
        return new SetAsideFile(path, name, QuarantinedFile.parse(name), OptionalLong.empty(), false);
    }

    String name() {
        return path.getFileName().toString();
    }

    /** Whether both files are parts of the same segment. */
    boolean hasSegmentOf(SetAsideFile other) {
        return origin.isPresent() && other.origin.isPresent()
                && origin.get().streamDirectory().equals(other.origin.get().streamDirectory())
                && origin.get().file().equals(other.origin.get().file());
    }

    /** Renames the file, durably; the caller holds the log's lock. */
    SetAsideFile restoring(long from) throws IOException {
        return renamed(givenName + RESTORING + from);
    }

    /** Renames the file, durably; the caller holds the log's lock. An earlier file may have had the same name, and be restored too. */
    SetAsideFile asRestored() throws IOException {
        for (int number = 0; number < MAX_NAMES; number++) {
            String name = givenName + RESTORED + (number == 0 ? "" : "_" + number);
            if (!Files.exists(path.resolveSibling(name))) {
                return renamed(name);
            }
        }
        throw new FileAlreadyExistsException(givenName + RESTORED, null, "all names for a restored file are taken: names=" + MAX_NAMES
                + ", file=" + path + "; its records are in the log now, remove it by hand");
    }

    private SetAsideFile renamed(String name) throws IOException {
        Path target = path.resolveSibling(name);
        Files.move(path, target);
        DirectoryForce.force(Objects.requireNonNull(target.getParent(), "file without a parent directory"));
        return of(target);
    }
}
