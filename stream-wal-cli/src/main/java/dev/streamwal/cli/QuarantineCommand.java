package dev.streamwal.cli;

import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.format.KeyPattern;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.DirectoryListing;
import dev.streamwal.io.FileForce;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.ProcessLock;
import dev.streamwal.recovery.Quarantine;
import dev.streamwal.recovery.QuarantinedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what recovery set aside, and restores it. */
@Command(
        name = "quarantine",
        description = "Lists what recovery set aside before it cut or overwrote it, and where it stood; can restore it.",
        footer = {
            "%nOnly --restore reads these files again, and they stay until they are removed. Listing and exporting only read, and"
                + " can be done while a program writes the log; removing can't (exit code 4). --export and --remove together move: what"
                + " can't be exported is not removed.",
            "%n--restore shows which records would be restored, and only reads: those whose checksums match, past anything that is not a record, a"
                + " batch as a whole or not at all. With --append they are appended to their streams again, with their timestamps, at new"
                + " positions behind the current end, and made durable. Then the file's name ends with .restored, and restoring it again"
                + " does nothing; a run that was interrupted is continued. Records that are there already, in their segment or by an earlier"
                + " copy, are left out, and so are those that have expired since (exit code 1). Verifying a part of a segment needs the"
                + " segment's header: restore before what is left of the segment has expired. Of segments that streams share the header is set aside, too.",
            "%nWith --append the log is opened for writing: no other process may write it meanwhile (exit code 4), and what a writer that was"
                + " killed left is recovered first. New segments have the window, the retention and the size of those that the"
                + " records were in."})
final class QuarantineCommand extends WritingCommand {

    /** The pattern that means all files; it isn't an error if there are none. */
    private static final String ALL = "*";

    @Parameters(index = "1..*", paramLabel = "NAME", description = "Names of files; * is any run of characters, ? one"
            + " (default: all).")
    private List<String> names = List.of();

    @Option(names = "--export", paramLabel = "DIR", description = "Copy them to a directory, which is created if missing.")
    private @Nullable Path target;

    @Option(names = "--remove", description = "Delete them; names must be given, '*' for all.")
    private boolean remove;

    @Option(names = "--restore", description = "Show which of their records would be restored.")
    private boolean restore;

    @Option(names = "--append", description = "With --restore: append them; names must be given, '*' for all.")
    private boolean append;

    @Mixin
    private final KeysOption keys = new KeysOption();

    QuarantineCommand(CommandContext context) {
        super(context);
    }

    @Override
    String inTheWritingProgram() {
        return "while a program writes the log, its quarantine can only be listed";
    }

    @Override
    Exit run(CommandOutput out) throws IOException {
        checkOptions();
        checkIsLog();
        if (restore) {
            return restore(out);
        }
        if (!remove) {
            return run(out, false);
        }
        ProcessLock lock = lock("delete files of a log");
        try {
            return run(out, true);
        } finally {
            lock.close();
        }
    }

    private void checkOptions() throws IOException {
        if (target != null) {
            checkIsOutside(target);
            checkIsFolder(target);
        }
        if (remove && names.isEmpty()) {
            throw new UsageException("no file is named; use --remove NAME, or '*' for all");
        }
        if (append && names.isEmpty()) {
            throw new UsageException("no file is named; use --restore --append NAME, or '*' for all");
        }
        if (append && !restore) {
            throw new UsageException("--append needs --restore");
        }
        if (restore && (remove || target != null)) {
            throw new UsageException("--restore can't be combined with --export or --remove");
        }
    }

    private static void checkIsFolder(Path target) throws RefusedException {
        if (Files.exists(target) && !Files.isDirectory(target)) {
            throw new RefusedException("--export names a file: target=" + target + "; give a directory, or none yet");
        }
    }

    private Exit restore(CommandOutput out) throws IOException {
        List<String> missing = new ArrayList<>();
        List<SetAsideFile> selected = selected(missing).stream().map(SetAsideFile::of).toList();
        missing.forEach(this::complainOfMissing);
        try (QuarantineRestore restoring = new QuarantineRestore(root(), context(), keys, tier(), append, list().stream().map(SetAsideFile::of).toList())) {
            Exit exit = restoring.run(selected, out);
            return missing.isEmpty() ? exit : Exit.FINDINGS;
        } catch (KeyUnavailableException e) {
            throw keys.explained(e);
        }
    }

    private void complainOfMissing(String name) {
        complain("no file in the quarantine has this name: name=" + name + "; stream-wal quarantine LOG lists them");
    }

    private Exit run(CommandOutput out, boolean removing) throws IOException {
        List<String> missing = new ArrayList<>();
        List<Path> files = selected(missing);
        if (target != null) {
            export(files, target);
        }
        TextTable table = new TextTable(out, "NAME", ">SIZE", "SET ASIDE", "KEY", "FROM", ">OFFSET");
        long bytes = 0;
        for (Path file : files) {
            bytes += Files.size(file);
            show(file, out, table);
            if (removing) {
                Files.delete(file);
            }
        }
        end(files.size(), bytes, out, table);
        missing.forEach(this::complainOfMissing);
        return missing.isEmpty() ? Exit.OK : Exit.FINDINGS;
    }

    private List<Path> selected(List<String> missing) throws IOException {
        List<Path> all = list();
        if (names.isEmpty()) {
            return all;
        }
        TreeSet<Path> selected = new TreeSet<>();
        for (String name : names) {
            KeyPattern pattern = new KeyPattern(name);
            List<Path> found = all.stream().filter(file -> isNamed(file, pattern)).toList();
            if (found.isEmpty() && !name.equals(ALL)) {
                missing.add(name);
            }
            selected.addAll(found);
        }
        return List.copyOf(selected);
    }

    /** Names of restored files also match as they were before. */
    private boolean isNamed(Path file, KeyPattern pattern) {
        return pattern.matches(file.getFileName().toString()) || (restore && pattern.matches(SetAsideFile.of(file).givenName()));
    }

    private List<Path> list() throws IOException {
        TreeSet<Path> files = new TreeSet<>();
        try {
            DirectoryListing.each(root().resolve(Quarantine.NAME), file -> {
                if (Files.isRegularFile(file)) {
                    files.add(file);
                }
            });
        } catch (NoSuchFileException e) {
            return List.of();
        }
        return List.copyOf(files);
    }

    /** All is durable when this returns, as nothing else may be left. Replaces no other file, and passes over what a run before has copied. */
    private static void export(List<Path> files, Path target) throws IOException {
        DirectoryForce.create(target);
        for (Path file : files) {
            Path copy = target.resolve(file.getFileName().toString());
            if (!Files.exists(copy)) {
                export(file, copy);
            } else if (Files.isSameFile(file, copy) || Files.mismatch(file, copy) >= 0) {
                throw new RefusedException("directory has another file of this name: file=" + copy + "; export to another directory");
            } else {
                FileForce.force(copy);
            }
        }
        DirectoryForce.force(target);
    }

    /** It has its name when it is whole. */
    private static void export(Path file, Path copy) throws IOException {
        Path unfinished = copy.resolveSibling('.' + copy.getFileName().toString() + ".exporting");
        Path unused = Files.copy(file, unfinished, StandardCopyOption.REPLACE_EXISTING);
        FileForce.force(unfinished);
        LogFile.rename(unfinished, copy);
    }

    private static void show(Path file, CommandOutput out, TextTable table) throws IOException {
        SetAsideFile aside = SetAsideFile.of(file);
        Optional<QuarantinedFile> origin = aside.origin();
        long size = Files.size(file);
        long millis = Files.getLastModifiedTime(file).toMillis();
        if (!out.isJson()) {
            table.row(aside.name(), Figures.bytes(size), Figures.time(millis), origin.map(QuarantineCommand::stream).orElse("?"),
                    origin.map(QuarantinedFile::file).orElse("?"), origin.map(from -> Figures.count(from.offset())).orElse("?"));
            return;
        }
        out.json(json -> {
            json.writeStringField("type", "file");
            json.writeStringField("file", file.toString());
            json.writeNumberField("bytes", size);
            JsonTime.write(json, "setAside", millis);
            if (origin.isPresent()) {
                json.writeStringField("key", origin.get().key().orElse(null));
                json.writeStringField("streamDirectory", origin.get().streamDirectory().orElse(null));
                json.writeStringField("from", origin.get().file());
                json.writeNumberField("offset", origin.get().offset());
                json.writeBooleanField("restored", aside.restored());
            }
        });
    }

    /** For long keys, only the beginning of the directory's name is known. */
    private static String stream(QuarantinedFile origin) {
        return origin.key().or(() -> origin.streamDirectory().map(directory -> directory + "...")).orElse("(commit journal)");
    }

    private void end(int files, long bytes, CommandOutput out, TextTable table) {
        if (files > 0) {
            table.print();
        }
        String done = (target == null ? "" : ", exported to " + target) + (remove ? ", removed" : "");
        out.item(() -> Figures.number(files, "file") + ", " + Figures.bytes(bytes) + done, json -> {
            json.writeStringField("type", "summary");
            json.writeNumberField("files", files);
            json.writeNumberField("bytes", bytes);
            json.writeStringField("exportedTo", target == null ? null : target.toString());
            json.writeBooleanField("removed", remove);
        });
    }
}
