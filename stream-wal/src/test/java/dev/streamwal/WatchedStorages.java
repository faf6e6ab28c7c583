package dev.streamwal;

import dev.streamwal.engine.StorageKind;
import dev.streamwal.engine.Storages;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Has every call to a log's storage, and to its files, watched, and fail where the watch says so. */
final class WatchedStorages extends Storages {

    /** Asked before a call. */
    interface Watch {
        void before(String operation, Path path) throws IOException;
    }

    private final Watch watch;

    WatchedStorages(StorageKind wanted, Watch watch) {
        super(wanted);
        this.watch = watch;
    }

    @Override
    public SegmentStorage of(Path root) throws IOException {
        return watched(SegmentStorage.class, super.of(root), null);
    }

    private <T> T watched(Class<T> type, T target, @Nullable SegmentFile file) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
                (proxy, method, arguments) -> call(method, target, file, arguments)));
    }

    private @Nullable Object call(Method method, Object target, @Nullable SegmentFile file, Object @Nullable [] arguments) throws Throwable {
        boolean throwsIo = method.getExceptionTypes().length > 0;
        if (throwsIo) {
            watch.before(method.getName(), file != null ? file.path() : (Path) arguments[arguments.length - 1]);
        }
        try {
            Object result = method.invoke(target, arguments);
            return result instanceof SegmentFile opened ? watched(SegmentFile.class, opened, opened) : result;
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
