#!/bin/sh
# Make the documents again: sh make.sh
# Needs LibreOffice (soffice), pandoc and Gnumeric (ssconvert).
set -eu
cd "$(dirname "$0")"
out=$(cd ../documents && pwd)
draft=$(mktemp -d)
trap 'rm -rf "$draft"' EXIT

convert() { # source, filter, input filter: into the draft folder
    soffice -env:UserInstallation="file://$draft/profile" --headless ${3:+--infilter="$3"} \
        --convert-to "$2" --outdir "$draft" "$1" >/dev/null 2>&1
}
office() { # source, filter, name, input filter
    convert "$1" "$2" "${4:-}"
    base=$(basename "$1")
    mv "$draft/${base%.*}.${2%%:*}" "$out/$3"
}
by_odt() { # Markdown, name: pandoc makes odt, LibreOffice makes docx of it
    pandoc "$1" -o "$draft/${1%.md}.odt"
    office "$draft/${1%.md}.odt" "docx:MS Word 2007 XML" "$2"
}

office prikaz_47-ad.fodt "docx:MS Word 2007 XML" "prikaz_47-ad.docx"
office dogovor-118-p.fodt "docx:MS Word 2007 XML" "Договор поставки 118-П.docx"
office reglament-mayak.fodt "docx:MS Word 2007 XML" "Регламент пропускного режима.docx"
office zayavka.fodt "docx:MS Word 2007 XML" "Заявка Кожемякин 0217-К.docx"
by_odt instrukciya-kassa.md "instrukciya_kassovaya_smena.docx"
by_odt remote-work.md "Remote Work Policy v3.1.docx"
pandoc protokol-09.md -o "$out/Протокол 09.docx"
pandoc otchet-energo.md -o "$out/отчёт_энергосбережение_2024.docx"

office price.fods "xlsx:Calc MS Excel 2007 XML" "Прайс-лист апрель 2025.xlsx"
office budget.fods "xlsx:Calc MS Excel 2007 XML" "budget_AHO_2025.xlsx"
office register.fods "xlsx:Calc MS Excel 2007 XML" "IT equipment register.xlsx"
office vacations.html "xlsx:Calc MS Excel 2007 XML" "График отпусков 2025.xlsx" "HTML (StarCalc)"
convert bus.fods ods
ssconvert --export-type=Gnumeric_Excel:xlsx2 "$draft/bus.ods" "$out/Расписание автобуса.xlsx"
ssconvert --import-encoding=UTF-8 --export-type=Gnumeric_Excel:xlsx2 phones.csv \
    "$out/Телефоны сотрудников.xlsx"

office itogi.fodp "pptx:Impress MS PowerPoint 2007 XML" "Итоги III квартала.pptx"
pandoc onboarding.md -o "$out/onboarding-week.pptx"

pandoc --standalone --toc faq-otpusk.md -o "$out/faq-otpusk.html"
office premii.fodt "html:HTML (StarWriter)" "Положение о премировании.html"
office menu.fods "html:HTML (StarCalc)" "menu_stolovaya.html"

office stock.fods "csv:Text - txt - csv (StarCalc):59,34,34,1,,1049,false,true" "ostatki_sklad.csv"
convert suppliers.html ods:calc8 "HTML (StarCalc)"
ssconvert --export-type=Gnumeric_stf:stf_csv "$draft/suppliers.ods" "$out/suppliers.csv"

pandoc --standalone vpn.md -o "$out/vpn-guide.rst"
pandoc --standalone glossary.html -t markdown -o "$out/Глоссарий логистики.md"
office obshchezhitie.fodt "txt:Text (encoded):UTF8,CRLF" "Правила общежития.txt"
pandoc --standalone minutes-february.md -t plain -o "$out/committee minutes February.txt"
