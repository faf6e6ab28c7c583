package dev.streamwal.io;

import java.util.List;

/**
 * The texts of Linux, in languages other than English, for the errors that {@link IoFailure} tells apart: {@code strerror} answers in the language of the
 * process's locale, and the JDK passes on only that text, without a number.
 *
 * <p>From all message catalogues of glibc 2.36 that translate them ({@code po/} there, {@code libc.mo} where it is installed); in lower case, and without texts
 * that contain another one of the same list. In a language that isn't here, such an error is of no kind in particular.
 */
final class SystemMessages {

    /** {@code EMFILE}, then {@code ENFILE}. */
    static final List<String> TOO_MANY_OPEN_FILES = List.of(
            "твърде много отворени файлове", "el procés té massa fitxers oberts", "překročen limit počtu otevřených souborů", "for mange åbne filer",
            "zu viele offene dateien", "υπερβολικά πολλά ανοικτά αρχεία", "tro da malfermaj dosieroj", "demasiados ficheros abiertos",
            "liian monta avointa tiedostoa", "trop de fichiers ouverts", "demasiados ficheiros abertos", "previše otvorenih datoteka",
            "túl sok nyitott fájl", "terlalu banyak berkas terbuka", "troppi file aperti", "ファイルを開きすぎです", "열린 파일이 너무 많음", "per daug atvertų failų",
            "for mange åpne filer", "te veel open bestanden", "za dużo otwartych plików", "muitos arquivos abertos", "слишком много открытых файлов",
            "priveľa otvorených súborov", "preveč odpretih datotek", "превише отворених датотека", "för många öppna filer",
            "çok fazla açık dosya var", "забагато відкритих файлів", "quá nhiều tập tin đang mở", "打开的文件过多", "開啟太多檔案",
            "el sistema té massa fitxers oberts", "v celém systému je příliš mnoho otevřených souborů",
            "υπερβολικα πολλά ανοικτά αρχεία στο σύστημα", "시스템에 파일을 너무 많이 열었음", "preveč odprtih datotek v sistemu",
            "quá nhiều tập tin còn đang mở trong hệ thống", "系統中太多的開啟檔案");

    /** {@code ENOSPC}, then {@code EDQUOT}. */
    static final List<String> DISK_FULL = List.of(
            "няма месца на прыладзе", "няма свободно място на устройството", "no resta espai al dispositiu", "na zařízení není volné místo",
            "ikke mere plads på enheden", "auf dem gerät ist kein speicherplatz mehr verfügbar", "δεν έμεινε καθόλου χώρος στη συσκευή",
            "ne haviĝas plu da spaco sur aparato", "no queda espacio en el dispositivo", "laitteella ei ole tilaa jäljellä",
            "aucun espace disponible sur le périphérique", "non hai espacio libre no dispositivo", "nema više prostora na uređaju",
            "nincs több hely a lemezen", "tidak ruang lagi diperangkat", "spazio esaurito sul device", "デバイスに空き領域がありません", "장치에 남은 공간이 없음",
            "įrenginyje neliko vietos", "ikke mer plass på enheten", "geen ruimte meer over op apparaat", "brak miejsca na urządzeniu",
            "sem espaço livre no dispositivo", "não há espaço disponível no dispositivo", "на устройстве не осталось свободного места",
            "na zariadení už nie je žiadne miesto", "na napravi ni več prostora", "није преостало простора на уређају", "enheten är full",
            "aygıt üzerinde boş yer yok", "недостатньо місця на пристрої", "không có đủ chỗ trống trên thiết bị", "设备上没有空间", "裝置上已無多餘空間",
            "перавышана дыскавая квота", "надвишена дискова квота", "s’ha excedit la quota de disc", "překročena disková kvóta",
            "diskkvoten overskredet", "der zugewiesene plattenplatz (quota) ist überschritten", "ξεπεράστηκε το όριο χρήσης δίσκου",
            "diska kvoto transpasiĝis", "se ha excedido la cuota de disco", "levykiintiö ylittynyt", "débordement du quota d'espace disque",
            "cota de disco superada", "prekoračena je dodijeljena kvota (prostor) na disku", "lemezkvóta túllépve", "quota dis terlampaui",
            "quota disco superata", "ディスク使用量制限を超過しました", "디스크 할당량이 초과됨", "viršyta disko kvota", "schijfquotum is overschreden",
            "przekroczony limit dyskowy", "quota do disco excedida", "cota da disco excedida", "превышена дисковая квота",
            "disková kvóta prekročená", "квота диска је премашена", "diskkvot överskriden", "disk kotası aşıldı", "перевищено квоту диска",
            "vượt quá hạn ngạch đĩa", "超出磁盘限额", "磁碟配額已滿");

    /** {@code EROFS}. */
    static final List<String> READ_ONLY = List.of(
            "файлова система само за четене", "el sistema de fitxers és només de lectura", "systém souborů je pouze pro čtení",
            "filsystem med kun læseadgang", "das dateisystem ist nur lesbar", "αναγνώσιμο-μόνο σύστημα αρχείων", "nur-lega dosiersistemo",
            "sistema de ficheros de sólo lectura", "kirjoitussuojattu tiedostojärjestelmä", "système de fichiers accessible en lecture seulement",
            "sistema de ficheiros de só lectura", "datotečni sustav je samo za čitanje", "írásvédett fájlrendszer", "sistem berkas baca-saja",
            "file system in sola lettura", "読み込み専用ファイルシステムです", "읽기전용 파일 시스템", "failų sistema tik skaitymui", "filsystem med kun lesetilgang",
            "bestandssysteem is alleen-lezen", "system plików wyłącznie do odczytu", "sistema de ficheiros só de leitura",
            "sistema de arquivos somente para leitura", "файловая система доступна только для чтения", "súborový systém dovoľuje len čítanie",
            "datotečni sistem je zgolj za branje", "систем датотека само за читање", "skrivskyddat filsystem", "salt-okunur dosya sistemi",
            "файлова система тільки для зчитування", "hệ thống tập tin chỉ cho đọc", "只读文件系统", "唯讀的檔案系統");

    /** {@code EPIPE}. */
    static final List<String> BROKEN_PIPE = List.of(
            "зламаны трубаправод", "прекъснат канал", "la canonada s’ha trencat", "roura přerušena (sigpipe)", "kanalen blev brudt",
            "datenübergabe unterbrochen (broken pipe)", "διακοπείσα σωλήνωση", "rompita dukto", "tubería rota", "katkennut putki",
            "relais brisé (pipe)", "canalización rota", "prekinuta cijev", "törött adatcsatorna", "pipa rusak", "pipe interrotta", "파이프가 깨어짐",
            "nutrūko saitas (pipe)", "røret ble brutt", "gebroken pijp", "przerwany potok", "túnel quebrado", "pipe quebrado", "обрыв канала",
            "prerušená rúra", "prekinjen cevovod", "оштећена спојка", "brutet rör", "veri alınamıyor", "канал обірвано", "ống dẫn bị hỏng", "断开的管道",
            "管線損壞");

    private SystemMessages() {}
}
