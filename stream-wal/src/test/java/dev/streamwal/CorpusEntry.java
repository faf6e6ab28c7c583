package dev.streamwal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.Visibility;
import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.Runtime.Version;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * A log that one version of the library has written, checked in: as it was when it was closed, as a killed process leaves it, what it has, and which formats
 * its files have. In {@code src/test/resources/corpus/<version>}.
 */
record CorpusEntry(Path folder) {

    static final String CLOSED = "closed";
    static final String KILLED = "killed";

    private static final String RECORDS = "records.txt";
    private static final String FORMATS = "formats.txt";
    private static final String COMMITTED = "committed";
    private static final String END = "end";

    /** Every format of this library has its name in its files: {@code STRM} and what distinguishes it, the version too. */
    private static final Pattern FORMAT_NAME = Pattern.compile("STRM[0-9A-Za-z]{2,4}");
    private static final int EXTENSION_AT = 16;
    private static final int FEATURES_AT = 28;
    private static final int PACK_CODEC_AT = 84;
    private static final int DATE_OF_FILES = 0;

    private static Path corpus() {
        return Path.of(System.getProperty("basedir", "."), "src/test/resources/corpus");
    }

    static CorpusEntry of(String version) {
        return new CorpusEntry(corpus().resolve(version));
    }

    /** The oldest first. */
    static List<CorpusEntry> all() throws IOException {
        try (Stream<Path> folders = Files.list(corpus())) {
            return folders.map(CorpusEntry::new).sorted(Comparator.comparing(entry -> Version.parse(entry.version()))).toList();
        }
    }

    String version() {
        return Objects.requireNonNull(folder.getFileName()).toString();
    }

    /** A copy of the log. */
    void unpack(String state, Path root) throws IOException {
        try (InputStream in = Files.newInputStream(folder.resolve(state + ".zip")); ZipInputStream zip = new ZipInputStream(in)) {
            for (ZipEntry each = zip.getNextEntry(); each != null; each = zip.getNextEntry()) {
                Path file = root.resolve(each.getName());
                Files.createDirectories(Objects.requireNonNull(file.getParent()));
                Files.copy(zip, file);
            }
        }
    }

    void pack(String state, Path root) throws IOException {
        Files.createDirectories(folder);
        try (OutputStream out = Files.newOutputStream(folder.resolve(state + ".zip")); ZipOutputStream zip = new ZipOutputStream(out);
                Stream<Path> files = Files.walk(root)) {
            zip.setLevel(9);
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                ZipEntry entry = new ZipEntry(root.relativize(file).toString().replace('\\', '/'));
                entry.setTime(DATE_OF_FILES);
                zip.putNextEntry(entry);
                Files.copy(file, zip);
            }
        }
    }

    void describe(CorpusLog.Content content, List<String> formats) throws IOException {
        List<String> lines = new ArrayList<>(List.of(END + '\t' + content.endMillis()));
        content.committed().forEach((key, position) -> lines.add(COMMITTED + '\t' + key + '\t' + position));
        content.records().forEach((key, records) -> records.forEach(record -> lines.add(line(record))));
        Files.write(folder.resolve(RECORDS), lines);
        Files.write(folder.resolve(FORMATS), formats);
    }

    private static String line(Written record) {
        return String.join("\t", record.ref().key(), record.ref().position() + "+" + record.ref().size(), Long.toString(record.timestampMillis()),
                record.header(), record.content());
    }

    CorpusLog.Content content() throws IOException {
        Map<String, List<Written>> records = new TreeMap<>();
        Map<String, Long> committed = new TreeMap<>();
        long endMillis = 0;
        for (String line : Files.readAllLines(folder.resolve(RECORDS))) {
            String[] fields = line.split("\t", -1);
            switch (fields[0]) {
                case END -> endMillis = Long.parseLong(fields[1]);
                case COMMITTED -> committed.put(fields[1], Long.parseLong(fields[2]));
                default -> {
                    int plus = fields[1].indexOf('+');
                    EntryRef ref = new EntryRef(fields[0], Long.parseLong(fields[1].substring(0, plus)), Integer.parseInt(fields[1].substring(plus + 1)));
                    records.computeIfAbsent(fields[0], any -> new ArrayList<>())
                            .add(new Written(ref, Long.parseLong(fields[2]), fields[3], fields[4]));
                }
            }
        }
        return new CorpusLog.Content(records, committed, endMillis);
    }

    List<String> formats() throws IOException {
        return Files.readAllLines(folder.resolve(FORMATS));
    }

    /** Which kinds of files a log has, the names and versions of their formats, and the features that they use. */
    static List<String> formatsOf(Path root) throws IOException {
        TreeSet<String> formats = new TreeSet<>();
        formats.add("known: features of segments=" + SegmentHeaderLayout.KNOWN_FEATURES + ", flags of data records=" + knownRecordFlags());
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                formats.add(kind(root.relativize(file)) + ":" + formatsIn(Files.readAllBytes(file)));
            }
        }
        return List.copyOf(formats);
    }

    private static int knownRecordFlags() {
        int known = 0;
        for (int bit = 0; bit < Integer.SIZE; bit++) {
            int flag = 1 << bit;
            known |= flag != RecordLayout.CONTROL && Visibility.of(flag) != Visibility.TOO_NEW ? flag : 0;
        }
        return known;
    }

    private static String kind(Path file) {
        return file.toString().replace('\\', '/').replaceAll("segments/[^/]+/", "segments/*/").replaceAll("cursors/[^/]+\\.", "cursors/*.")
                .replaceAll("[0-9a-f]{8,16}(_[0-9]+)?", "*");
    }

    private static String formatsIn(byte[] bytes) {
        TreeSet<String> names = new TreeSet<>();
        Matcher name = FORMAT_NAME.matcher(new String(bytes, ISO_8859_1));
        while (name.find()) {
            names.add(" " + name.group());
        }
        ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        boolean hasHeader = bytes.length >= PACK_CODEC_AT + Integer.BYTES && new String(bytes, 0, Long.BYTES, ISO_8859_1).equals("NANO-LOG");
        if (hasHeader) {
            names.add(" features=" + file.getInt(FEATURES_AT));
            if (new String(bytes, EXTENSION_AT, 6, ISO_8859_1).equals("STRMvP")) {
                names.add(" codec=" + file.getInt(PACK_CODEC_AT));
            }
        }
        return String.join("", names);
    }
}
