package dev.streamwal.journal;

import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.FormatException;
import dev.streamwal.io.Uninterrupted;
import dev.streamwal.journal.JournalBlockLayout.Prefix;
import dev.streamwal.journal.JournalEnd.Block;
import dev.streamwal.journal.JournalEnd.Place;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Goes through a journal's blocks in the order of their sequences, holding one block at a time.
 *
 * <p>Block n + 1 stands behind block n, or at the start of another file. If it stands in neither place, the journal ends: blocks are forced one by
 * one, so only the last can be torn. But if a block with a higher sequence stands anywhere, the missing one was forced, and is damaged now. (A file
 * that was free and is used again holds old blocks behind the new ones; their sequences are lower.)
 *
 * <p>A place where the missing block may stand, and which the disk can't read, is damage, too: the block may have been forced, and acknowledged.
 * Unreadable sectors anywhere else don't matter.
 */
public final class JournalScan {

    private final Path root;
    private final long journalId;
    private final long firstSequence;

    private final List<Head> heads = new ArrayList<>();
    private final NamedSegments named = new NamedSegments();

    private long expected;
    /** The file where the expected block may stand; null if no block before it was found. */
    private @Nullable Head current;
    private long offset;
    private @Nullable Block last;
    /** Where blocks that aren't needed couldn't be read, so that the place of the first needed one is unknown; null if it is known. */
    private @Nullable Place lost;
    private long blocks;
    private long bytes;

    /** A file, and the sequence of the block it starts with. */
    private static final class Head {
        final Path file;
        final long length;
        /** 0 if it starts with no block of this journal. */
        long first;
        long liveFirst;
        long liveLast;

        Head(Path file, long length) {
            this.file = file;
            this.length = length;
        }
    }

    /** A block that was found by a search. */
    private record Found(Head head, long offset, long sequence) {}

    /**
     * A scan of the journal that a frontier names.
     *
     * @param root of the log
     */
    public JournalScan(Path root, Frontier frontier) {
        this.root = root;
        this.journalId = frontier.journalId();
        this.firstSequence = frontier.firstSequence();
        this.expected = firstSequence;
    }

    /**
     * The files that start with a whole block, of any journal, or with bytes that can't be read. If a log has such files and no frontier, the
     * frontier was lost.
     */
    public static List<Path> usedFiles(Path root) throws IOException {
        List<Path> used = new ArrayList<>();
        for (Path file : JournalFiles.list(root)) {
            try (JournalReader reader = new JournalReader(Files.size(file))) {
                reader.open(file);
                Prefix prefix = reader.prefixAt(0);
                if ((prefix != null && reader.blockAt(0, prefix) != null) || reader.isUnread(0, JournalBlockLayout.PREFIX_BYTES)) {
                    used.add(file);
                }
            }
        }
        return used;
    }

    /**
     * Goes through the journal, once.
     *
     * @throws UnsupportedFormatException if a newer version wrote an entry
     */
    public JournalEnd scan(JournalVisitor visitor) throws IOException {
        long longest = 0;
        for (Path file : JournalFiles.list(root)) {
            heads.add(new Head(file, Uninterrupted.run(() -> Files.size(file))));
            longest = Math.max(longest, heads.get(heads.size() - 1).length);
        }
        try (JournalReader reader = new JournalReader(longest)) {
            for (Head head : heads) {
                head.first = firstBlock(reader, head);
            }
            start(reader);
            return walk(reader, visitor);
        }
    }

    private long firstBlock(JournalReader reader, Head head) throws IOException {
        reader.open(head.file);
        Prefix prefix = reader.prefixAt(0);
        return prefix != null && prefix.journalId() == journalId && reader.blockAt(0, prefix) != null ? prefix.sequence() : 0;
    }

    // ---- where the journal begins

    /**
     * Goes to the first needed block: at the start of a file, or behind blocks that aren't needed, which are read for the segments that they
     * name.
     */
    private void start(JournalReader reader) throws IOException {
        Head before = null;
        for (Head head : heads) {
            if (head.first == firstSequence) {
                goTo(head, 0);
                return;
            }
            if (head.first != 0 && head.first < firstSequence && (before == null || head.first > before.first)) {
                before = head;
            }
        }
        if (before == null || !passOver(reader, before)) {
            startBehindDamage(reader);
        }
    }

    /** Finds the first needed block if a block before it, which isn't needed, is damaged. */
    private void startBehindDamage(JournalReader reader) throws IOException {
        JournalSearch search = new JournalSearch(reader, journalId);
        for (Head head : heads) {
            Found found = head.first == 0 ? findIn(search, head, 0, firstSequence) : null;
            if (found != null && found.sequence() == firstSequence) {
                goTo(head, found.offset());
                return;
            }
        }
    }

    /** Returns whether the first needed block, or a later one, stands in that file, or would have its place there. */
    private boolean passOver(JournalReader reader, Head head) throws IOException {
        goTo(head, 0);
        for (long sequence = head.first; sequence < firstSequence; sequence++) {
            ByteBuffer block = blockHere(reader, sequence);
            if (block == null) {
                Found found = findIn(new JournalSearch(reader, journalId), head, offset, firstSequence);
                current = found == null ? null : head;
                lost = found == null && reader.isUnread(offset, head.length) ? new Place(head.file, offset) : null;
                offset = found != null && found.sequence() == firstSequence ? found.offset() : offset;
                return found != null;
            }
            named.remember(block);
            offset += block.limit();
        }
        return true;
    }

    private void goTo(Head head, long newOffset) {
        if (head != current) {
            named.clear();
        }
        current = head;
        offset = newOffset;
    }

    // ---- from block to block

    private JournalEnd walk(JournalReader reader, JournalVisitor visitor) throws IOException {
        while (true) {
            Head next = startingWith(expected);
            if (next != null) {
                // even if a block with this sequence stands here: that block couldn't be read once, and its sequence was given again
                goTo(next, 0);
            }
            ByteBuffer block = blockHere(reader, expected);
            if (block == null) {
                JournalSearch search = new JournalSearch(reader, journalId);
                Found found = find(search);
                Place unread = found == null ? unread(reader) : null;
                boolean isDamage = found != null || unread != null || search.gaveUp();
                if (!isDamage || !visitor.damaged(unread == null ? damage(found) : unreadable(unread)) || found == null) {
                    return end(reader);
                }
                goTo(found.head(), found.offset());
                expected = found.sequence();
            } else if (!visit(block, visitor)) {
                return end(reader);
            }
        }
    }

    /** The block with this sequence, if it stands here. */
    private @Nullable ByteBuffer blockHere(JournalReader reader, long sequence) throws IOException {
        if (current == null) {
            return null;
        }
        reader.open(current.file);
        Prefix prefix = reader.prefixAt(offset);
        return prefix != null && prefix.journalId() == journalId && prefix.sequence() == sequence ? reader.blockAt(offset, prefix) : null;
    }

    private @Nullable Head startingWith(long sequence) {
        for (Head head : heads) {
            if (head.first == sequence && (head != current || offset != 0)) {
                return head;
            }
        }
        return null;
    }

    /** Returns whether the scan goes on. */
    private boolean visit(ByteBuffer block, JournalVisitor visitor) throws IOException {
        Head head = here();
        Optional<String> broken = check(block, head);
        if (broken.isPresent()) {
            String what = broken.get() + ", sequence=" + expected;
            if (!visitor.damaged(new JournalDamage(head.file, offset, block.limit(), what))) {
                return false;
            }
        }
        named.handOut(block, visitor);
        head.liveFirst = head.liveFirst == 0 ? expected : head.liveFirst;
        head.liveLast = expected;
        last = new Block(head.file, offset, block.limit());
        blocks++;
        bytes += block.limit();
        offset += block.limit();
        expected++;
        return true;
    }

    private Optional<String> check(ByteBuffer block, Head head) throws IOException {
        try {
            return named.check(block);
        } catch (FormatException e) {
            throw new UnsupportedFormatException(e.at("file=" + head.file + ", offset=" + offset), head.file, null, WalException.NO_POSITION, e);
        }
    }

    private Head here() {
        if (current == null) {
            throw new IllegalStateException("block stands in no file: sequence=" + expected);
        }
        return current;
    }

    // ---- where there is no further block

    /** The block with the lowest sequence from the expected one on, wherever it stands. */
    private @Nullable Found find(JournalSearch search) throws IOException {
        Found found = current == null ? null : findIn(search, current, offset, expected);
        if (found != null) {
            return found;
        }
        for (Head head : heads) {
            Found candidate = null;
            if (head.first > expected) {
                candidate = new Found(head, 0, head.first);
            } else if (head.first == 0 && head != current) {
                candidate = findIn(search, head, 0, expected);
            }
            if (candidate != null && (found == null || candidate.sequence() < found.sequence())) {
                found = candidate;
            }
        }
        return found;
    }

    private @Nullable Found findIn(JournalSearch search, Head head, long from, long leastSequence) throws IOException {
        long at = search.find(head.file, from, leastSequence);
        return at < 0 ? null : new Found(head, at, search.foundSequence());
    }

    /**
     * A place where the expected block may stand, and which the disk can't read; null if there is none. A file of which no block is known counts if
     * its beginning can't be read: the block may have been the first in it, because it didn't fit elsewhere.
     */
    private @Nullable Place unread(JournalReader reader) throws IOException {
        if (current == null && lost != null) {
            return lost;
        }
        if (current != null && isUnread(reader, current, offset)) {
            return new Place(current.file, offset);
        }
        for (Head head : heads) {
            if (head.first == 0 && head.liveFirst == 0 && head != current && isUnread(reader, head, 0)) {
                return new Place(head.file, 0);
            }
        }
        return null;
    }

    private boolean isUnread(JournalReader reader, Head head, long at) throws IOException {
        reader.open(head.file);
        Prefix prefix = reader.prefixAt(at);
        return reader.isUnread(at, at + JournalBlockLayout.PREFIX_BYTES)
                || (prefix != null && prefix.journalId() == journalId && prefix.sequence() >= expected && reader.isUnread(at, at + prefix.length()));
    }

    private JournalDamage unreadable(Place place) throws IOException {
        return new JournalDamage(place.file(), place.offset(), Files.size(place.file()) - place.offset(),
                "block " + expected + " of the journal may stand where the disk can't read it");
    }

    private JournalDamage damage(@Nullable Found found) {
        String missing = "block " + expected + " of the journal is not whole";
        if (found == null) {
            Head head = current == null ? heads.get(0) : current;
            long from = current == null ? 0 : offset;
            return new JournalDamage(head.file, from, head.length - from, missing
                    + ", and the search for a later one was given up: bytes=" + JournalSearch.CHECKSUM_BYTES);
        }
        String what = missing + ", and block " + found.sequence() + " is there, in " + found.head().file + " at " + found.offset();
        if (found.head() == current) {
            return new JournalDamage(found.head().file, offset, found.offset() - offset, what);
        }
        return current == null || found.offset() > 0
                ? new JournalDamage(found.head().file, 0, found.offset(), what)
                : new JournalDamage(current.file, offset, current.length - offset, what);
    }

    private JournalEnd end(JournalReader reader) {
        Optional<Place> next = current == null ? Optional.empty() : Optional.of(new Place(current.file, offset));
        List<JournalFile> files = heads.stream()
                .map(head -> new JournalFile(head.file, head.length, head.liveFirst, head.liveLast, reader.hasUnread(head.file))).toList();
        return new JournalEnd(expected, Optional.ofNullable(last), next, files, blocks, bytes);
    }
}
