package dev.streamwal.ratis.shard;

import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.HeaderTooLargeException;
import dev.streamwal.error.RecordTooLargeException;
import dev.streamwal.error.TimestampOutOfRangeException;
import dev.streamwal.error.WalException;
import dev.streamwal.io.ProgramClock;
import dev.streamwal.ratis.repair.LogCheck;
import dev.streamwal.ratis.shard.ShardFolder.Image;
import dev.streamwal.ratis.wire.AppendAnswer;
import dev.streamwal.ratis.wire.AppendAnswer.Appended;
import dev.streamwal.ratis.wire.AppendAnswer.Forgotten;
import dev.streamwal.ratis.wire.AppendAnswer.Part;
import dev.streamwal.ratis.wire.AppendAnswer.Refused;
import dev.streamwal.ratis.wire.AppendAnswer.TooEarly;
import dev.streamwal.ratis.wire.Command;
import dev.streamwal.ratis.wire.StreamAppend;
import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One shard of a replica, between the Raft log and the files: entries go in, one by one and in order, and records stand in a log, at the same positions on all
 * replicas.
 *
 * <p><b>Why positions are the same.</b> A log gives them by its own history: by the order of the appends, and by when it was opened. Both are the same on all
 * replicas, since each opens its log at the same entries: at each <i>image</i>, which is due by what {@link ShardState} counts. There the log is swept,
 * closed, copied, and opened anew. A replica that was killed begins with the files of its last image, and opens them at the same entry at which it, or any
 * other replica, had opened its log then; so does one that has fetched a peer's image. What differs between replicas, that is what is packed and swept, moves
 * no position in between:
 *
 * <ul>
 *   <li>Where a stream begins that the log hasn't appended to since it was opened is its <i>start</i>. All streams share segments, so nothing but a sweep, and
 *       packing the last shared segment there is, raises it. Nothing is swept but right before the log is closed. The last shared segment, which is
 *       appended to, is sealed when it is full, and then it isn't the last; or a window after it was begun, by the log's clock, and no image
 *       is put off for that long. Before the first append there is nothing to raise.
 *   <li>The start of the next opening is the ceiling, a multiple of {@link ShardState#BEGINNINGS_APART_BYTES}. It is raised by the first append, by one
 *       step; no other reaches it, as {@link ImageRule#MAX_BYTES} is far less.
 * </ul>
 *
 * <p>None of that is relied on without a check: the state says where each record stands, and an append that the log puts elsewhere throws {@link
 * DivergenceException} before anybody is told of it.
 *
 * <p><b>Failures.</b> What is refused depends on replicated state alone, and is answered. Everything else is thrown; the shard is to be closed then, and the
 * next start begins with the last image.
 *
 * <p>For one thread, but for what says otherwise.
 */
final class Shard implements AutoCloseable {

    private final ShardFolder folder;
    private final Consumer<WalOptions.Builder> given;
    private final ImageRule rule;
    private final Retentions retentions;
    private final long maxClockSkewMillis;
    private final ImageTimes times;
    private final ShardState state;
    private volatile long clockMillis;
    private volatile Optional<Image> newestImage;
    private ShardLog log;

    private Shard(ShardFolder folder, Consumer<WalOptions.Builder> given, ImageRule rule, ImageTimes times, ShardState state, Optional<Image> image) {
        WalOptions.Builder options = WalOptions.builder();
        given.accept(options);
        WalOptions built = options.build();
        this.folder = folder;
        this.given = given;
        this.rule = rule;
        this.times = times;
        this.retentions = new Retentions(built);
        this.maxClockSkewMillis = built.maxClockSkew().toMillis();
        this.state = state;
        this.newestImage = image;
        this.clockMillis = state.appliedIndex() < 0 ? new ProgramClock(built.clock()).millis() : state.clockMillis();
        this.log = openLog();
    }

    private ShardLog openLog() {
        return ShardLog.open(folder.wal(), given, () -> Instant.ofEpochMilli(clockMillis));
    }

    /**
     * Begins with an image, or, without one, at the first entry.
     *
     * @param given sets the options of the log
     * @param times receives how long images take
     * @throws DamagedImageException if the image is damaged, and why
     * @throws OtherVersionException if another version made the image
     */
    static Shard open(ShardFolder folder, Consumer<WalOptions.Builder> given, ImageRule rule, ImageTimes times) throws IOException {
        return open(folder, folder.newest(), given, rule, times);
    }

    /**
     * Opens a peer's image that isn't the replica's yet, as it will be opened when it is, and closes it. The image stays as it is; of the replica's own only
     * the live log is thrown away.
     *
     * @throws DamagedImageException if no shard can begin with it, and why
     * @throws OtherVersionException if another version made it
     */
    static void check(ShardFolder folder, Image fetched, Consumer<WalOptions.Builder> given, ImageRule rule, ImageTimes times) throws IOException {
        open(folder, Optional.of(fetched), given, rule, times).close();
    }

    /**
     * Reads all of an image, and writes nothing. Without an image there is nothing to read.
     *
     * @throws DamagedImageException if it is damaged, and where
     * @throws OtherVersionException if another version made it
     */
    static void checkRecords(Optional<Image> image) throws IOException {
        if (image.isEmpty()) {
            return;
        }
        ShardState unused = image.get().readState();
        try {
            LogCheck.check(image.get().wal());
        } catch (IOException e) {
            throw new DamagedImageException(String.valueOf(e.getMessage()), e);
        }
    }

    private static Shard open(ShardFolder folder, Optional<Image> image, Consumer<WalOptions.Builder> given, ImageRule rule, ImageTimes times)
            throws IOException {
        ShardState state = image.isPresent() ? restored(folder, image.get()) : ShardState.empty();
        Shard shard;
        try {
            shard = new Shard(folder, given, rule, times, state, image);
        } catch (CorruptSegmentException e) {
            throw new DamagedImageException("log of an image can't be opened: folder=" + folder + ", because: " + e.getMessage(), e);
        }
        if (!shard.log.isWhole()) {
            shard.close();
            throw new DamagedImageException("log of an image has streams that can't be appended to: folder=" + folder, null);
        }
        return shard;
    }

    private static ShardState restored(ShardFolder folder, Image image) throws IOException {
        ShardState state = image.readState();
        try {
            folder.restore(image);
        } catch (WalException e) {
            if (!LogCheck.isDamage(e)) {
                throw e;
            }
            throw new DamagedImageException("log of an image can't be copied: image=" + image.folder() + ", because: " + e.getMessage(), e);
        }
        return state;
    }

    /** Where a stream's newest record ends; 0 where it has none that is younger than the retention. For any thread. */
    long endOf(String key) {
        return state.endOf(key);
    }

    /** For tests. */
    ShardState state() {
        return state;
    }

    /** What a leader's next tick says. For any thread. */
    Command.Tick lastTick() {
        return state.lastTick();
    }

    /** The replicated time; the leader's own before the first entry. For any thread. */
    long clockMillis() {
        return clockMillis;
    }

    /** Whether an entry was applied. For the thread that applies. */
    boolean isBegun() {
        return state.appliedIndex() >= 0;
    }

    /** How many streams have records that are younger than their retention, as of the last image. For any thread. */
    int streams() {
        return state.streams();
    }

    /** The image that the next start begins with. For any thread. */
    Optional<Image> newestImage() {
        return newestImage;
    }

    // ---------------------------------------------------------------- entries

    /**
     * Applies an entry of the Raft log, unless it is applied already.
     *
     * @param stampMillis the leader's time
     * @return the answer
     * @throws DivergenceException if this replica isn't like the others any more
     */
    byte[] apply(long term, long index, long stampMillis, Command command) throws IOException {
        if (index <= state.appliedIndex()) {
            return command instanceof Command.Append append ? answerAgain(append) : new byte[0];
        }
        state.advanceClock(stampMillis);
        clockMillis = state.clockMillis();
        if (state.isImageDue(rule)) {
            makeImage();
        }
        byte[] answer = new byte[0];
        if (command instanceof Command.Append append) {
            answer = append(append);
        } else if (command instanceof Command.Tick tick) {
            tick(index, tick);
        }
        state.applied(term, index);
        return answer;
    }

    private byte[] append(Command.Append command) throws IOException {
        Producers producers = state.producers();
        if (producers.answerOf(command) != null || producers.mayHaveBeenApplied(command)) {
            return answerAgain(command);
        }
        if (producers.isTooEarly(command)) {
            return sameForAll(command, new TooEarly());
        }
        List<Part> parts = new ArrayList<>();
        for (StreamAppend stream : command.streams()) {
            parts.add(append(stream));
        }
        byte[] answer = new AppendAnswer(parts).encode();
        producers.applied(command, answer, command.isOnce() ? knownMillis(command.streams().get(0), parts.get(0)) : Producers.AMONG_THE_LAST);
        return answer;
    }

    /**
     * Until when it has to be known that an append was applied: as long as its records are kept, and until they would be refused if they came again, as too
     * old. A record that has no time of its own is another one by then.
     */
    private long knownMillis(StreamAppend stream, Part part) {
        if (!(part instanceof Appended appended) || appended.refused().size() == stream.entries().size()) {
            return Producers.AMONG_THE_LAST; // nothing is there that could be there twice
        }
        long latest = clockMillis;
        for (WriteEntry entry : stream.entries()) {
            latest = Math.max(latest, Math.min(entry.timestampMillis(), clockMillis + maxClockSkewMillis)); // what is beyond was refused
        }
        return latest + retentions.millisOf(stream.key()) + retentions.longestWindowMillis();
    }

    private byte[] answerAgain(Command.Append command) throws IOException {
        Producers producers = state.producers();
        byte[] known = producers.answerOf(command);
        return known != null ? known : sameForAll(command, producers.wasTooEarly(command) ? new TooEarly() : new Forgotten());
    }

    private static byte[] sameForAll(Command.Append command, Part part) throws IOException {
        return AppendAnswer.all(command.streams().size(), part).encode();
    }

    private Part append(StreamAppend stream) {
        long end = state.endOf(stream.key());
        if (stream.expectedEnd() != StreamAppend.ANY_END && stream.expectedEnd() != end) {
            return new AppendAnswer.EndDiffers(end);
        }
        long retentionMillis = retentions.millisOf(stream.key());
        List<Refused> refused = new ArrayList<>();
        long first = 0;
        for (int i = 0; i < stream.entries().size(); i++) {
            WriteEntry entry = stamped(stream.entries().get(i));
            try {
                checkSize(entry);
                EntryRef ref = append(stream.key(), entry, entry.timestampMillis() + retentionMillis);
                first = refused.size() == i ? ref.position() : first;
            } catch (TimestampOutOfRangeException | RecordTooLargeException | HeaderTooLargeException | IllegalArgumentException e) {
                // checked before anything is appended, by replicated state only
                refused.add(new Refused(i, String.valueOf(e.getMessage())));
            }
        }
        return new Appended(first, refused);
    }

    private EntryRef append(String key, WriteEntry entry, long expirationMillis) {
        long expected = state.nextOf(key);
        EntryRef ref = log.append(key, entry);
        if (ref.position() != expected) {
            throw new DivergenceException("log put a record elsewhere than on the other replicas: position=" + ref.position() + ", expected=" + expected
                    + ", key=" + key + ", folder=" + folder + "; a peer's log is fetched at the next start", key, ref.position());
        }
        state.appended(ref, expirationMillis);
        return ref;
    }

    private WriteEntry stamped(WriteEntry entry) {
        return entry.timestampMillis() == WriteEntry.NOW ? new WriteEntry(entry.header(), entry.content(), clockMillis) : entry;
    }

    private static void checkSize(WriteEntry entry) {
        long bytes = (long) entry.header().remaining() + entry.content().remaining();
        if (bytes > ShardLog.MAX_FRAME_BYTES || EntryRef.sizeOf(entry.header().remaining(), entry.content().remaining()) > ShardLog.MAX_FRAME_BYTES) {
            throw new IllegalArgumentException("record is too large to be replicated: bytes=" + bytes + ", maxWithFrame="
                    + ShardLog.MAX_FRAME_BYTES + "; split it");
        }
    }

    private void tick(long index, Command.Tick tick) {
        if (state.differsFrom(tick)) {
            throw new DivergenceException("replica has given other positions than the leader: tick=" + tick.before() + ", digest="
                    + Integer.toHexString(state.lastTick().digest()) + ", leaderDigest=" + Integer.toHexString(tick.digest()) + ", folder=" + folder
                    + "; a peer's log is fetched at the next start", null, DivergenceException.NO_POSITION);
        }
        state.ticked(index);
    }

    // ---------------------------------------------------------------- images

    /**
     * Everything applied so far becomes an image, and the log is opened anew. This comes before the entry that has found it due, and with its time: so no time
     * passes between an opening and the first append behind it, and a replica that begins with the image doesn't find it due again.
     */
    private void makeImage() throws IOException {
        long begunNanos = System.nanoTime();
        log.sweep(Instant.ofEpochMilli(clockMillis));
        log.close();
        state.beginAnew();
        Image image = folder.makeImage(state);
        newestImage = Optional.of(image);
        folder.deleteBefore(image);
        log = openLog();
        times.made(System.nanoTime() - begunNanos);
    }

    /** For tests. */
    ShardLog log() {
        return log;
    }

    /** A failure of closing loses nothing: the next start doesn't ask what this log has. */
    @Override
    public void close() {
        log.close();
    }
}
