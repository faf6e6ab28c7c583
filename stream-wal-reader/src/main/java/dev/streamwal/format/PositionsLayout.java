package dev.streamwal.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The file {@code positions}: two slots, written in turn and forced each time, so that one of them is always whole.
 * They are {@value #SLOT_BYTES} bytes apart, no less than any disk's sector. Little-endian:
 *
 * <pre>
 *   0  8  magic             "STRMPOS2"
 *   8  8  sequence          of two slots the higher one counts
 *  16  8  ceiling
 *  24  8  start
 *  32  8  incarnation
 *  40  8  boot incarnation
 *  48  8  closed            bit n: incarnation - n was closed
 *  56  2  boot id length    at most 64
 *  58 64  boot id           ASCII, zero-padded
 * 122  1  doubted           n: segments say where a stream ends only for the last n incarnations, with this one; 0: for all; 65: for none
 * 123  1  zero
 * 124  4  checksum          CRC32C over [0, 124)
 * </pre>
 *
 * <p>Slots of versions that wrote "STRMPOS1" are read as well: they have the boot id's length at 40 and the checksum over
 * [0, 108) at 108. Their incarnation counted the starts of the machine; they don't say whether a writer had closed the log.
 */
public final class PositionsLayout {

    public static final String FILE_NAME = "positions";
    public static final int SLOT_BYTES = 4_096;
    public static final int SLOTS = 2;
    public static final int FILE_BYTES = SLOTS * SLOT_BYTES;
    /** Bytes of a slot that are used. */
    public static final int USED_BYTES = 128;
    public static final int MAX_BOOT_ID_BYTES = 64;

    private static final int MAGIC = 0;
    private static final int SEQUENCE = 8;
    private static final int CEILING = 16;
    private static final int START = 24;
    private static final int INCARNATION = 32;
    private static final int BOOT_INCARNATION = 40;
    private static final int CLOSED = 48;
    private static final int BOOT_ID_LENGTH = 56;
    private static final int BOOT_ID = 58;
    private static final int DOUBTED = 122;
    private static final int CHECKSUM = 124;
    /** "STRMPOS2". */
    private static final long MAGIC_VALUE = 0x3253_4F50_4D52_5453L;

    private static final int FIRST_BOOT_ID_LENGTH = 40;
    private static final int FIRST_CHECKSUM = 108;
    /** "STRMPOS1". */
    private static final long FIRST_MAGIC_VALUE = 0x3153_4F50_4D52_5453L;

    private PositionsLayout() {}

    /** Offset in the file of the slot for this state. */
    public static long offset(Positions positions) {
        return positions.sequence() % SLOTS * SLOT_BYTES;
    }

    /** One slot, position 0, limit {@link #USED_BYTES}. */
    public static ByteBuffer encode(Positions positions) {
        byte[] bootId = positions.bootId().getBytes(StandardCharsets.US_ASCII);
        boolean comesBack = new String(bootId, StandardCharsets.US_ASCII).equals(positions.bootId());
        if (bootId.length > MAX_BOOT_ID_BYTES || !comesBack) {
            throw new IllegalArgumentException("boot id is longer than " + MAX_BOOT_ID_BYTES + " characters or not ASCII: bootId="
                    + positions.bootId());
        }
        ByteBuffer out = ByteBuffer.allocate(USED_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(MAGIC, MAGIC_VALUE);
        out.putLong(SEQUENCE, positions.sequence());
        out.putLong(CEILING, positions.ceiling());
        out.putLong(START, positions.start());
        out.putLong(INCARNATION, positions.incarnation());
        out.putLong(BOOT_INCARNATION, positions.bootIncarnation());
        out.putLong(CLOSED, positions.closed());
        out.putShort(BOOT_ID_LENGTH, (short) bootId.length);
        out.put(BOOT_ID, bootId);
        out.put(DOUBTED, (byte) positions.doubted());
        out.putInt(CHECKSUM, Checksums.of(out, 0, CHECKSUM));
        return out;
    }

    /**
     * @param file the file's content, complete or not
     * @return the valid slot with the higher sequence; empty if neither is valid
     */
    public static Optional<Positions> decode(byte[] file) {
        Optional<Positions> best = Optional.empty();
        for (int slot = 0; slot < SLOTS; slot++) {
            Optional<Positions> found = decodeSlot(file, slot * SLOT_BYTES);
            if (found.isPresent() && (best.isEmpty() || found.get().sequence() > best.get().sequence())) {
                best = found;
            }
        }
        return best;
    }

    private static Optional<Positions> decodeSlot(byte[] file, int offset) {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (isSound(in, offset, MAGIC_VALUE, BOOT_ID_LENGTH, CHECKSUM)) {
            return decode(in, offset, BOOT_ID_LENGTH, in.getLong(offset + BOOT_INCARNATION), in.getLong(offset + CLOSED),
                    in.get(offset + DOUBTED));
        }
        if (isSound(in, offset, FIRST_MAGIC_VALUE, FIRST_BOOT_ID_LENGTH, FIRST_CHECKSUM)) {
            return decode(in, offset, FIRST_BOOT_ID_LENGTH, in.getLong(offset + INCARNATION), 0, 0);
        }
        return Optional.empty();
    }

    private static boolean isSound(ByteBuffer in, int offset, long magic, int bootIdLength, int checksum) {
        return in.capacity() >= offset + checksum + Integer.BYTES && in.getLong(offset + MAGIC) == magic
                && in.getInt(offset + checksum) == Checksums.of(in, offset, offset + checksum)
                && in.getShort(offset + bootIdLength) >= 0 && in.getShort(offset + bootIdLength) <= MAX_BOOT_ID_BYTES;
    }

    private static Optional<Positions> decode(ByteBuffer in, int offset, int bootIdLength, long bootIncarnation, long closed, int doubted) {
        int bootId = offset + bootIdLength + Short.BYTES;
        try {
            return Optional.of(new Positions(
                    in.getLong(offset + SEQUENCE), in.getLong(offset + CEILING), in.getLong(offset + START),
                    in.getLong(offset + INCARNATION),
                    new String(in.array(), bootId, in.getShort(offset + bootIdLength), StandardCharsets.US_ASCII),
                    bootIncarnation, closed, doubted));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
