package dev.streamwal.cli;

import dev.streamwal.WalLockedException;
import dev.streamwal.files.ProcessLock;
import dev.streamwal.reader.WalException;
import dev.streamwal.recovery.Quarantine;
import dev.streamwal.recovery.QuarantinedFile;
import dev.streamwal.retention.KeyPattern;
import dev.streamwal.storage.WriterLock;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Looks at what recovery set aside. */
@Command(
        name = "quarantine",
        description = "Lists what recovery has set aside before it cut or overwrote it, and where it stood.",
        footer = "%nNothing reads these files again. Listing and exporting only read, and can be done while a program writes the"
            + " log; removing can't (exit code 4). --export and --remove together move: what could not be exported is not removed.")
final class QuarantineCommand extends WritingCommand {

    @Parameters(index = "1..*", paramLabel = "NAME", description = "Which files, by their names: * is any run of characters, ? one."
            + " All, where none is given.")
    private List<String> names = List.of();

    @Option(names = "--export", paramLabel = "DIR", description = "Copy them to a directory, which is made where it isn't there.")
    private @Nullable Path target;

    @Option(names = "--remove", description = "Delete them; names must be given, '*' for all.")
    private boolean remove;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    QuarantineCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit run(CommandOutput out) throws IOException {
        if (remove && names.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "what is to be removed is named, '*' for all: --remove NAME");
        }
        checkIsLog();
        if (!remove) {
            return run(out, false);
        }
        ProcessLock lock = lock();
        try {
            return run(out, true);
        } finally {
            lock.close();
        }
    }

    private ProcessLock lock() throws IOException {
        try {
            return WriterLock.acquire(root());
        } catch (ProcessLock.HeldException e) {
            throw new WalLockedException("a log's files are deleted while nobody writes it: " + e.getMessage() + ", root=" + root(),
                    root().resolve(WriterLock.FILE_NAME), null, WalException.NO_POSITION);
        }
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
        missing.forEach(name -> complain("no file in the quarantine has this name: " + name));
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
            List<Path> found = all.stream().filter(file -> pattern.matches(file.getFileName().toString())).toList();
            if (found.isEmpty()) {
                missing.add(name);
            }
            selected.addAll(found);
        }
        return List.copyOf(selected);
    }

    private List<Path> list() throws IOException {
        TreeSet<Path> files = new TreeSet<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(root().resolve(Quarantine.NAME))) {
            for (Path file : found) {
                if (Files.isRegularFile(file)) {
                    files.add(file);
                }
            }
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return List.copyOf(files);
    }

    /** Replaces nothing. */
    private static void export(List<Path> files, Path target) throws IOException {
        Files.createDirectories(target);
        for (Path file : files) {
            Files.copy(file, target.resolve(file.getFileName().toString()));
        }
    }

    private static void show(Path file, CommandOutput out, TextTable table) throws IOException {
        String name = file.getFileName().toString();
        Optional<QuarantinedFile> origin = QuarantinedFile.parse(name);
        long size = Files.size(file);
        long millis = Files.getLastModifiedTime(file).toMillis();
        if (!out.isJson()) {
            table.row(name, Figures.bytes(size), Figures.time(millis), origin.map(QuarantineCommand::stream).orElse("?"),
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
            }
        });
    }

    /** Of long keys only the beginning of the directory's name is known. */
    private static String stream(QuarantinedFile origin) {
        return origin.key().or(() -> origin.streamDirectory().map(directory -> directory + "...")).orElse("(commit journal)");
    }

    private void end(int files, long bytes, CommandOutput out, TextTable table) {
        if (!out.isJson() && files > 0) {
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
