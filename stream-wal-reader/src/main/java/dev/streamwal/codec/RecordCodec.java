package dev.streamwal.codec;

import io.netty.buffer.ByteBuf;

/**
 * Writes values of a type as the contents of records, and makes values of them again. The program implements one for each type, or takes one of the
 * library's: {@link SampleCodec}, and those for Chronicle Bytes and Jackson in the packages below this one.
 *
 * <p>The last 8 bytes of each typed record's header have the codec's {@link #schemaId()}, which distinguishes records of one type from those of
 * others, and its {@link #version()}, which the program raises when it changes what {@link #encode} writes. For readers that don't use a codec these
 * are ordinary bytes.
 *
 * <p><b>Evolution.</b> A codec reads the versions for which {@link #reads} returns true: by default its own and all before it. So add a field as
 * follows, and deploy the new codec to the readers before the writer:
 *
 * <pre>{@code
 * public int version() {
 *     return 2;                                          // version 2 has added the unit
 * }
 * public void encode(Reading value, ByteBuf target) {
 *     target.writeDoubleLE(value.amount()).writeByte(value.unit().code());
 * }
 * public Reading decode(ByteBuf content, int version) {
 *     double amount = content.readDoubleLE();
 *     return new Reading(amount, version == 1 ? Unit.WATT : Unit.of(content.readByte()));
 * }
 * }</pre>
 *
 * <p><b>Threads.</b> The library calls {@code encode} in the thread that appends, before the record has a place, and {@code decode} in the thread that
 * asks for the value: never under a lock, and never while another thread waits for it. Either may append and read itself. {@code encode} may be called
 * by all threads that append with the codec, {@code decode} by all that read with it: a codec without state is thread-safe. A codec that returns
 * the same object at each {@code decode}, so that reading makes no garbage, is for one cursor.
 *
 * <p><b>Exceptions.</b> If {@code encode} throws, the append throws the same exception, and nothing was appended. If {@code decode} throws, the
 * reader gets an {@link dev.streamwal.error.UndecodableRecordException} with that exception as its cause, and the cursor can go on.
 *
 * @param <T> what is appended and read
 * @since 1.0
 */
public interface RecordCodec<T> {

    /**
     * Tells the records of this type from others. The same at every call, and for as long as there are records with it.
     *
     * @return 1 or more, the program's choice
     */
    int schemaId();

    /**
     * The version that {@link #encode} writes. The same at every call.
     *
     * @return 1 to 65,535
     */
    int version();

    /**
     * Whether {@link #decode} can read a version. By default those up to the codec's own. If later versions only add something at the end of the
     * content, a codec may return true for them, too, and ignore what it doesn't know.
     *
     * @param version 1 to 65,535
     * @return whether it can
     */
    default boolean reads(int version) {
        return version <= version();
    }

    /**
     * Writes a value. All bytes from index 0 to the writer index are the record's content; it may be empty.
     *
     * @param value to write; not kept by the library
     * @param target empty, on the heap, with an accessible array; it grows as it is written to, until the record would exceed {@code maxRecordBytes}:
     *     then it throws a {@link dev.streamwal.error.RecordTooLargeException}. The thread reuses it: it is valid during the call only
     */
    void encode(T value, ByteBuf target);

    /**
     * Makes a value of what {@link #encode} has written.
     *
     * @param content between its indices, of which the reader index is 0; read-only, not copied. The buffer is valid as long as the content of the
     *     entry or cursor; a value that reads from it later is valid no longer than that
     * @param version of the record: one that {@link #reads} returns true for
     * @return the value, never null
     */
    T decode(ByteBuf content, int version);
}
